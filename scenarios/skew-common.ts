/** What the skew scenarios share: many new connections, the addresses that DNS offered for them, and the backends that they reached. */
import { check, type Check } from '../lab/analysis/checks.ts';
import type { Plot } from '../lab/analysis/plot.ts';
import { fitsShares, sharesText } from '../lab/analysis/skew.ts';
import type { StageClient } from '../lab/clients/stage-client.ts';
import type { Measured, Result } from '../lab/run/scenario.ts';
import { backendCount, webName, askersOf, type BackendName } from '../lab/vocabulary/topology.ts';

/** Enough to tell 1/3 from 1/2 and from 1/6: with 300 requests one standard deviation is 2.7 %. */
const requestCount = 300;
/** With fewer DNS answers than this, the check of the shuffle is `unknown`. */
const enoughAnswers = 100;

/**
 * A new connection for each request, to the first address. Node tries the next address after 250 ms, and on a busy machine a connect can take that long: then
 * the shares would not be those of the first addresses.
 */
export const firstAddressClient = { keepAlive: false, attemptDelayMs: 10_000 } as const;

/** The shares of backend-1, backend-2 and so on. The backends after the last one of the list have none. */
export type Shares = readonly number[];

/** The same share for each backend of the lab. */
export function equalShares({ topology: { backends } }: Result<unknown>): Shares {
  return backends.map(() => 1 / backends.length);
}

/** Makes the requests one after the other. Each one opens its own connection when the client keeps none. */
export async function requestMany(client: StageClient): Promise<void> {
  for (let made = 0; made < requestCount; made++) await client.get();
}

/** The A answers that the client got for the lab's name: for each answer its addresses, in order. */
export function answersTo({ events, topology }: Pick<Measured, 'events' | 'topology'>): string[][] {
  const askers = askersOf(topology);
  return events.flatMap((event) =>
    event.event === 'dns:answer' && event.type === 'A' && event.name === webName && askers.includes(event.from) ? [event.addresses] : [],
  );
}

/** Checks for every client: every request was answered, and the DNS server put each backend first as often as `shares` says. */
export function dnsChecks(result: Result<unknown>, shares: Shares): Check[] {
  const { findings: { requests }, topology: { backends } } = result;
  const answers = answersTo(result);
  const first = firstInAnswers(result);
  const offered = check(`DNS put each backend first in its share of the answers: ${sharesOf(backends, shares)}`, fitsShares(first, shares), sharesText(first));
  return [
    check('every request was answered', requests.failed === 0 && requests.ok === requests.sent, `${requests.ok} of ${requests.sent}`),
    answers.length >= enoughAnswers ? offered : { ...offered, verdict: 'unknown', observed: `${offered.observed}; too few answers to judge` },
  ];
}

/** How often DNS put each backend first. */
function firstInAnswers(measured: Pick<Measured, 'events' | 'topology'>): number[] {
  const { backends, hosts } = measured.topology;
  const answers = answersTo(measured);
  return backends.map((name) => answers.filter(([address]) => address === hosts[name].ipv4).length);
}

/** What DNS proposed and what the client made of it, each against the fair share. */
export function sharesPlot(measured: Measured): Plot | null {
  const { findings: { perBackend }, topology: { backends } } = measured;
  const counted = [{ what: 'first in an answer of DNS', counts: firstInAnswers(measured) }, { what: 'requests answered', counts: backends.map((name) => perBackend[name] ?? 0) }];
  const shown = counted.filter(({ counts }) => counts.some((count) => count > 0));
  if (shown.length === 0) return null;
  return {
    kind: 'shares',
    title: 'The share of each backend, in DNS and at the client',
    names: [...backends],
    counted: shown,
    caption: 'Dashed: the fair share. Grey: one standard deviation σ at both sides (binomial). By chance, two of three fair counts are within it, and one in 370 is further away than 3 σ.',
  };
}

/** Checks for our own client: one connection for each request, spread over the backends as `shares` says. */
export function spreadChecks({ findings: { requests, connections, perBackend, skew }, topology: { backends } }: Result<unknown>, shares: Shares): Check[] {
  const counts = Object.values(perBackend);
  const seen = `${sharesText(counts)}, largest share ${skew.maxOverFair?.toFixed(2) ?? '?'} times the fair one, chi-squared p ${skew.chi2p?.toPrecision(2) ?? '?'}`;
  return [
    check('each request opened its own connection', connections.opened === requests.sent && connections.reused === 0, `${connections.opened} opened, ${connections.reused} reused`),
    check(`each backend got its share of the requests: ${sharesOf(backends, shares)}`, fitsShares(counts, shares), seen),
  ];
}

/** `backend-1 2/3, backend-2 1/6, backend-3 1/6`, or `1/12 each` where many backends have the same share. */
function sharesOf(backends: readonly BackendName[], shares: Shares): string {
  const texts = backends.map((_, index) => fractionText(shares[index] ?? 0));
  if (backends.length > 3 && new Set(texts).size === 1) return `${texts[0] ?? ''} each`;
  return backends.map((name, index) => `${name} ${texts[index] ?? ''}`).join(', ');
}

function fractionText(share: number): string {
  if (share === 0 || share === 1) return share === 0 ? 'none' : 'all';
  for (let parts = 2; parts <= backendCount.most; parts++) if (Math.abs(share * parts - Math.round(share * parts)) < 1e-9) return `${Math.round(share * parts)}/${parts}`;
  return share.toFixed(3);
}

/** What the skew scenarios share: many fresh connections, what DNS offered them, and where they went. */
import { check, type Check } from '../lab/analysis/checks.ts';
import { fitsShares, sharesText } from '../lab/analysis/skew.ts';
import type { Result, StageClient } from '../lab/run/scenario.ts';
import { backendNames, webName } from '../lab/vocabulary/topology.ts';

/** Enough to tell 1/3 from 1/2 or 1/6 beyond doubt: one standard deviation is 2.7 % of 300. */
const requestCount = 300;
/** With fewer answers nothing is said about how they were shuffled. */
const enoughAnswers = 100;

/** Shares of backend-1, -2 and -3. */
export type Shares = readonly [number, number, number];

/** One request after the other; each on a connection of its own, where the client keeps none. */
export async function requestMany(client: StageClient): Promise<void> {
  for (let made = 0; made < requestCount; made++) await client.get();
}

/** The A answers that the client was given for the lab's name. */
export function answersTo({ events, topology }: Pick<Result<unknown>, 'events' | 'topology'>): string[][] {
  const { ipv4, ipv6 } = topology.hosts.client;
  return events.flatMap((event) =>
    event.event === 'dns:answer' && event.type === 'A' && event.name === webName && (event.from === ipv4 || event.from === ipv6) ? [event.addresses] : [],
  );
}

/** For every client: requests were answered, and the DNS server put the backends first as often as `shares` says. */
export function dnsChecks(result: Result<unknown>, shares: Shares): Check[] {
  const { requests } = result.findings;
  const answers = answersTo(result);
  const first = backendNames.map((name) => answers.filter(([address]) => address === result.topology.hosts[name].ipv4).length);
  const offered = check(`DNS put first: ${sharesOf(shares)} of its answers`, fitsShares(first, shares), sharesText(first));
  return [
    check('every request was answered', requests.failed === 0 && requests.ok === requests.sent, `${requests.ok} of ${requests.sent}`),
    answers.length >= enoughAnswers ? offered : { ...offered, verdict: 'unknown', observed: `${offered.observed}; too few to judge` },
  ];
}

/** For our own client: one connection a request, spread over the backends as `shares` says. */
export function spreadChecks({ findings: { requests, connections, perBackend, skew } }: Result<unknown>, shares: Shares): Check[] {
  const counts = backendNames.map((name) => perBackend[name]);
  const seen = `${sharesText(counts)}, largest share ${skew.maxOverFair?.toFixed(2) ?? '?'} times the fair one, chi-squared p ${skew.chi2p?.toPrecision(2) ?? '?'}`;
  return [
    check('each request made a connection of its own', connections.opened === requests.sent && connections.reused === 0, `${connections.opened} opened, ${connections.reused} reused`),
    check(`the client went to: ${sharesOf(shares)} of its requests`, fitsShares(counts, shares), seen),
  ];
}

/** `backend-1 in 2/3, backend-2 in 1/6, backend-3 in 1/6`: every model of three backends is made of sixths. */
function sharesOf(shares: Shares): string {
  const sixths = ['none', '1/6', '1/3', '1/2', '2/3', '5/6', 'all'];
  return backendNames.map((name, index) => `${name} in ${sixths[Math.round((shares[index] ?? 0) * 6)] ?? '?'}`).join(', ');
}

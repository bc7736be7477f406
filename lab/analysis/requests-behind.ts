/** Which requests stand behind a number of the findings, in a few words each. An expectation that does not hold shows them. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { printable } from '../vocabulary/printable.ts';
import { attemptsApart, fallbackPair, nextAddressPair, type Attempt } from './attempts.ts';
import type { RequestFindings } from './by-request.ts';
import type { Findings } from './findings.ts';
import { requestsUnderFault } from './recovery.ts';

/** A request with its number and its method. */
interface Told extends RequestFindings {
  request: number;
  method: string;
  startMs: number;
}

interface Run {
  findings: Findings;
  events: readonly TimelineEvent[];
  requests: readonly Told[];
}

/** Finds what stands behind a finding. `key` is the name or index after the name of the finding. */
type Behind = (run: Run, key: string | undefined) => string[];

const behind = {
  requests: ({ requests }, key) => requests.filter((each) => key === 'sent' || (key === 'failed' ? each.error !== null : isOk(each))).map(endText),
  statuses: ({ requests }, key) => requests.filter((each) => isOk(each) && (String(each.status ?? 'unknown') === key || each.status === null)).map(endText),
  byRequest: ({ requests }, key) => entryOrAll(requests, key).map(endText),
  perBackend: ({ requests }, key) => requests.filter(({ backend }) => backend === key).map(endText),
  connections: ({ findings: { attempts } }, key) =>
    key === 'opened' ? attempts.filter(({ outcome }) => outcome === 'connected').map(attemptText) : attempts.filter(({ requests }) => (requests ?? 0) > 1).map((each) => `${attemptText(each)}, ${each.requests ?? 0} requests`),
  dnsQueries: lookupTexts,
  resolver: lookupTexts,
  queryOrder: lookupTexts,
  attempts: ({ findings: { attempts } }, key) => entryOrAll(attempts, key).map(attemptText),
  addressesTried: ({ findings: { attempts, addressesTried } }, key) => attempts.filter(({ address }) => entryOrAll(addressesTried, key).includes(address)).map(attemptText),
  perFamily: ({ findings: { attempts } }, key) => attempts.filter(({ family }) => `IPv${family}` === key).map(attemptText),
  attemptsKept: ({ findings: { attempts } }) => attempts.map(attemptText),
  fallbackDelayMs: ({ findings: { attempts }, events }) => (fallbackPair(attemptsApart(attempts, events)) ?? attempts).map(startText),
  nextAddressDelayMs: ({ findings: { attempts }, events }) => (nextAddressPair(attemptsApart(attempts, events)) ?? attempts).map(startText),
  resolutionDelayMs: ({ findings: { attempts } }) => attempts.map(startText),
  requestsOnWire: ({ requests }) => requests.toSorted((one, other) => (other.sent ?? 0) - (one.sent ?? 0)).map(sentText),
  repeated: ({ requests }, key) => requests.filter(({ method, sent }) => method === key && sent !== 1 && sent !== 0).map(sentText),
  retransmissions: ({ findings: { attempts } }, key) => (key === 'syn' ? attempts.filter(({ synCount }) => (synCount ?? 0) > 1).map((each) => `${attemptText(each)}, ${each.synCount ?? 0} SYNs`) : []),
  tlsHandshakes: ({ findings: { attempts } }) => attempts.map(attemptText),
  resumed: ({ findings: { attempts } }) => attempts.map(attemptText),
  handshakeMs: ({ findings: { attempts } }) => attempts.map(startText),
  streamsPerConnection: ({ findings: { attempts } }) => attempts.filter(({ outcome }) => outcome === 'connected').map((each) => `${attemptText(each)}, ${each.requests ?? 0} requests`),
  answerOrder: ({ findings: { attempts } }) => attempts.map(attemptText),
  reResolutions: lookupTexts,
  recoveryMs: ({ events, requests }) => {
    const underFault = new Set(requestsUnderFault(events).map(({ request }) => request));
    return requests.filter(({ request }) => underFault.has(request)).map(endText);
  },
  returnMs: ({ events, requests }) => {
    const healMs = events.findLast(({ event }) => event === 'fault:heal')?.tMs ?? Infinity;
    return requests.filter(({ startMs }) => startMs >= healMs).map(endText);
  },
  skew: ({ findings: { perBackend } }) => Object.entries(perBackend).map(([name, count]) => `${count} from ${name}`),
} satisfies Record<keyof Findings, Behind>;

/**
 * Returns the requests, or the attempts of requests, behind the finding at `path`: `#2 ECONNREFUSED`. `#2` is the number of a caller's
 * request, as in the story of the run. Empty where no request stands behind it.
 */
export function requestsBehind([finding = '', key]: readonly string[], findings: Findings, events: readonly TimelineEvent[]): string[] {
  const callers = events.filter((event) => event.event === 'client:request');
  const requests = findings.byRequest.flatMap((each, index): Told[] => {
    const caller = callers[index];
    return caller ? [{ ...each, request: caller.request, method: caller.method, startMs: caller.tMs }] : [];
  });
  return (behind as Record<string, Behind>)[finding]?.({ findings, events, requests }, key) ?? [];
}

function isOk({ ms, error }: Told): boolean {
  return ms !== null && error === null;
}

/** The entry with the index `key`, or the whole list if it has no such entry. */
function entryOrAll<T>(list: readonly T[], key: string | undefined): readonly T[] {
  const entry = list[Number(key)];
  return entry === undefined ? list : [entry];
}

/** How a request ended. */
function endText(each: Told): string {
  if (each.error !== null) return `#${each.request} ${shortened(each.error)}`;
  if (each.ms === null) return `#${each.request} without an end`;
  return `#${each.request} ${each.status ?? 'answered'}${each.backend === null ? '' : ` from ${each.backend}`}`;
}

function sentText({ request, sent }: Told): string {
  return `#${request} ${sent === null ? 'sent at the same time as others' : sent === 0 ? 'not sent' : sent === 1 ? 'sent once' : `sent ${sent} times`}`;
}

function lookupTexts({ requests }: Run): string[] {
  return requests.filter(({ lookups }) => lookups !== 0).map(({ request, lookups }) => `#${request} ${lookups === null ? 'lookups not known' : `${lookups} ${lookups === 1 ? 'lookup' : 'lookups'}`}`);
}

function attemptText({ request, address, outcome }: Attempt): string {
  return `#${request} ${address} ${outcome}`;
}

function startText({ request, address, startMs }: Attempt): string {
  return `#${request} ${address} at ${startMs.toFixed(1)} ms`;
}

/** The error of a client can be a whole page. */
function shortened(error: string): string {
  return error.length > 80 ? `${printable(error.slice(0, 80))}…` : printable(error);
}

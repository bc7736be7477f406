/** Turns the events of a run into numbers: what did the client do? All numbers come from the timeline, and none from the configuration. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { askersOf, isBackend, isResolverOnClient, type BackendName, type Topology } from '../vocabulary/topology.ts';
import { answererOf } from './answerer.ts';
import { attemptsApart, attemptsOf, fallbackDelay, isTraced, nextAddressDelay, type Attempt } from './attempts.ts';
import { byRequest, repeatedRequests, statusOf, type RequestFindings, type Repeated } from './by-request.ts';
import { countBy } from './count-by.ts';
import { httpsFindings, type HttpsFindings } from './https.ts';
import { recovery } from './recovery.ts';
import { skewOf, type Skew } from './skew.ts';
import { answerOrder, attemptsOnWire, keptAttempts, queryOrder, resolutionDelay, resolutionsOnWire } from './wire-attempts.ts';

/**
 * `findings` in journal.json. Fields may be added, but never renamed. Null means that there was nothing to measure. findings-schema.ts has the
 * type and the unit of each field for `--expect`, and does not compile if it differs from this interface.
 */
export interface Findings extends HttpsFindings {
  /** What the callers asked for. `ok`: a complete response came, whatever its status. `failed`: the caller got an error. */
  requests: { sent: number; ok: number; failed: number };
  /** How many responses the callers got, by status. A status that neither the client nor the packets tell counts as `unknown`. */
  statuses: Record<string, number>;
  /** Each request of a caller, in the order in which they were sent. */
  byRequest: RequestFindings[];
  /** How many responses each backend of the lab gave, in the order of the backends. */
  perBackend: PerBackend;
  connections: { opened: number; reused: number };
  /** The client's own queries, as the DNS server saw them. Where a resolver asks in the client's place: those of the resolver. */
  dnsQueries: { A: number; AAAA: number };
  /**
   * What the resolver between the client and the DNS server did, by its own log: the questions that reached it, those that it answered from its cache, also
   * with expired records, and those for which it asked the DNS server. A question of nscd's is for both families. Null if the lab has no resolver.
   */
  resolver: { questions: number; fromCache: number; forwarded: number } | null;
  /** The types of the queries of the first lookup, in the order in which the queries left: `A AAAA`. */
  queryOrder: string | null;
  attempts: Attempt[];
  /** Every address that was tried, in the order of its first attempt. */
  addressesTried: string[];
  /** How many attempts went to an address of each family. */
  perFamily: { IPv4: number; IPv6: number };
  /** Whether an attempt without an answer went on when the next attempt began. Null if no attempt lived long enough to tell, or if the kernel may have ended it before. */
  attemptsKept: boolean | null;
  /** From the first attempt of a dial to its first attempt in the other family (RFC 8305 section 5). */
  fallbackDelayMs: number | null;
  /** From the first attempt of a dial to its first attempt at another address of the same family. */
  nextAddressDelayMs: number | null;
  /** From the A answer to the first IPv4 SYN, if the client did not wait for the AAAA answer (RFC 8305 section 3). */
  resolutionDelayMs: number | null;
  /** Requests that left on a connection. If the client repeats requests, there are more than the caller asked for. Null if no wire was captured. */
  requestsOnWire: number | null;
  /** How many requests of each method were on the wire beyond those that the callers asked for. Null if no wire was captured. */
  repeated: Repeated | null;
  /** SYNs and payload that either side sent again. Null if no wire was captured. */
  retransmissions: { syn: number; data: number } | null;
  /**
   * How many dials followed an answer of DNS, and how many of them went to the first address of the answer first. Where a client sorts the
   * answer by itself, the second number is smaller. Null if no dial followed an answer.
   */
  answerOrder: { dials: number; firstAddress: number } | null;
  /** How many lookups followed the first one. */
  reResolutions: number;
  /**
   * From the first request after the first fault to the response from which on every request was answered with a status below 500, until
   * the next fault or the end of the run. Null if the last of these requests was not answered so.
   */
  recoveryMs: number | null;
  /** From the last heal to the first response of the healed backend. */
  returnMs: number | null;
  skew: Skew;
}

/** A count for each backend that the lab has. */
export type PerBackend = Partial<Record<BackendName, number>>;

/** Returns the findings of a run. `events` are in the order of their times. */
export function findingsOf(events: readonly TimelineEvent[], topology: Topology): Findings {
  const ofType = <Name extends TimelineEvent['event']>(name: Name) => events.filter((event): event is Extract<TimelineEvent, { event: Name }> => event.event === name);
  const traced = isTraced(events);
  const captured = events.some(({ witness }) => witness === 'wire');
  const onWire = attemptsOnWire(events, topology);
  const askers = askersOf(topology);
  const queries = ofType('dns:query').filter(({ from }) => askers.includes(from));
  const attempts = attemptsOf(events, topology);
  const apart = attemptsApart(attempts, events);
  const lookups = traced ? new Set(ofType('client:dns-start').map(({ lookup, request }) => `${request}/${lookup}`)).size : resolutionsOnWire(events, topology);
  const connections = ofType('client:connection');
  const sent = ofType('wire:request').length;
  const perBackend = answersByBackend(events, topology);

  return {
    requests: { sent: ofType('client:request').length, ok: ofType('client:response').length, failed: ofType('client:error').length },
    statuses: countBy(ofType('client:response').map((response) => String(statusOf(events, response) ?? 'unknown'))),
    byRequest: byRequest(events, topology, attempts),
    perBackend,
    connections: traced
      ? { opened: ofType('client:connect-done').length, reused: connections.filter(({ reused }) => reused).length }
      : { opened: onWire.filter(({ outcome }) => outcome === 'connected').length, reused: onWire.reduce((sum, { requests }) => sum + Math.max(requests - 1, 0), 0) },
    dnsQueries: { A: queries.filter(({ type }) => type === 'A').length, AAAA: queries.filter(({ type }) => type === 'AAAA').length },
    resolver: topology.resolver === null ? null : resolverFindings(ofType('resolver:query').length, ofType('resolver:answer')),
    queryOrder: queryOrder(events),
    attempts,
    addressesTried: [...new Set(attempts.map(({ address }) => address))],
    perFamily: { IPv4: attempts.filter(({ family }) => family === 4).length, IPv6: attempts.filter(({ family }) => family === 6).length },
    attemptsKept: keptAttempts(onWire, events.at(-1)?.tMs ?? 0),
    fallbackDelayMs: fallbackDelay(apart),
    nextAddressDelayMs: nextAddressDelay(apart),
    resolutionDelayMs: resolutionDelay(events, onWire),
    requestsOnWire: captured ? sent : null,
    repeated: captured ? repeatedRequests(events) : null,
    retransmissions: captured ? { syn: ofType('wire:syn-retransmission').length, data: ofType('wire:data-retransmission').length } : null,
    ...httpsFindings(events),
    // On the client's host, the packets show only the answers that the resolver has asked for.
    answerOrder: isResolverOnClient(topology) ? null : answerOrder(events, attempts),
    reResolutions: Math.max(lookups - 1, 0),
    recoveryMs: recovery(events)?.ms ?? null,
    returnMs: comingBack(events, topology),
    skew: skewOf(Object.values(perBackend)),
  };
}

function resolverFindings(questions: number, answers: readonly { source: string }[]): NonNullable<Findings['resolver']> {
  const fromCache = answers.filter(({ source }) => source.endsWith('cache')).length;
  // nscd's log does not tell of an answer that it does not keep.
  return { questions, fromCache, forwarded: questions - fromCache };
}

/** Counts the responses of each backend. */
function answersByBackend(events: readonly TimelineEvent[], topology: Topology): PerBackend {
  const answerers = events.map((event) => (event.event === 'client:response' ? answererOf(events, event.request, topology) : null));
  return Object.fromEntries(topology.backends.map((name) => [name, answerers.filter((answerer) => answerer === name).length]));
}

function comingBack(events: readonly TimelineEvent[], topology: Topology): number | null {
  const heal = events.findLast(({ event }) => event === 'fault:heal');
  if (!heal || !isBackend(heal.host)) return null;
  const { ipv4, ipv6 } = topology.hosts[heal.host];
  const isBack = (event: TimelineEvent): boolean =>
    (event.event === 'client:connection' || event.event === 'wire:request') && event.tMs >= heal.tMs && (event.address === ipv4 || event.address === ipv6);
  const back = events.find((event) => event.event === 'client:connection' && isBack(event)) ?? events.find(isBack);
  const answered =
    back?.event === 'client:connection'
      ? events.find((event) => event.event === 'client:response' && event.request === back.request)
      : back && events.find((event) => event.event === 'client:response' && event.tMs >= back.tMs);
  return answered ? rounded(answered.tMs - heal.tMs) : null;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

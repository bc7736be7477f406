/** From events to numbers: what the client did. Every figure is derived from the timeline, none from what was configured. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { backendNames, hostAt, isBackend, type BackendName, type Topology } from '../vocabulary/topology.ts';
import { attemptsOf, fallbackDelay, isTraced, nextAddressDelay, type Attempt } from './attempts.ts';
import { skewOf, type Skew } from './skew.ts';
import { attemptsOnWire, keptAttempts, queryOrder, resolutionDelay, resolutionsOnWire } from './wire-attempts.ts';

/** journal.json's `findings`: extended, never renamed. Null means that there was nothing to measure. */
export interface Findings {
  requests: { sent: number; ok: number; failed: number };
  /** Responses by the backend that gave them. */
  perBackend: Record<BackendName, number>;
  connections: { opened: number; reused: number };
  /** The client's own queries, as the DNS server saw them. */
  dnsQueries: { A: number; AAAA: number };
  /** The types of the first lookup's queries, in the order in which they left: `A AAAA`. */
  queryOrder: string | null;
  attempts: Attempt[];
  /** Every address that was tried, in the order of its first attempt. */
  addressesTried: string[];
  /** Whether an attempt without an answer went on when the next one began; null where none lived long enough to tell. */
  attemptsKept: boolean | null;
  /** First attempt of the other family minus first attempt, of one request (RFC 8305 section 5). */
  fallbackDelayMs: number | null;
  /** The same between the first two attempts of one family. */
  nextAddressDelayMs: number | null;
  /** First IPv4 SYN minus A answer, where the client did not wait for AAAA to the end (RFC 8305 section 3). */
  resolutionDelayMs: number | null;
  /** Requests that left on a connection: more than were asked for where the client repeats them. Null where no wire was captured. */
  requestsOnWire: number | null;
  /** SYNs and payload that were sent again, by either side. */
  retransmissions: { syn: number; data: number } | null;
  /** Lookups after the first. */
  reResolutions: number;
  /** From the first request sent after the first fault to the first complete response after that. */
  recoveryMs: number | null;
  /** From the last heal to the first response of the healed backend. */
  returnMs: number | null;
  skew: Skew;
}

export function findingsOf(events: readonly TimelineEvent[], topology: Topology): Findings {
  const ofType = <Name extends TimelineEvent['event']>(name: Name) => events.filter((event): event is Extract<TimelineEvent, { event: Name }> => event.event === name);
  const traced = isTraced(events);
  const captured = events.some(({ witness }) => witness === 'wire');
  const onWire = attemptsOnWire(events, topology);
  const { ipv4, ipv6 } = topology.hosts.client;
  const queries = ofType('dns:query').filter(({ from }) => from === ipv4 || from === ipv6);
  const attempts = attemptsOf(events, topology);
  const lookups = traced ? new Set(ofType('client:dns-start').map(({ lookup, request }) => `${request}/${lookup}`)).size : resolutionsOnWire(events);
  const connections = ofType('client:connection');
  const sent = ofType('wire:request').length;
  const perBackend = answersByBackend(events, topology);

  return {
    requests: { sent: ofType('client:request').length, ok: ofType('client:response').length, failed: ofType('client:error').length },
    perBackend,
    connections: traced
      ? { opened: ofType('client:connect-done').length, reused: connections.filter(({ reused }) => reused).length }
      : { opened: onWire.filter(({ outcome }) => outcome === 'connected').length, reused: onWire.reduce((sum, { requests }) => sum + Math.max(requests - 1, 0), 0) },
    dnsQueries: { A: queries.filter(({ type }) => type === 'A').length, AAAA: queries.filter(({ type }) => type === 'AAAA').length },
    queryOrder: queryOrder(events),
    attempts,
    addressesTried: [...new Set(attempts.map(({ address }) => address))],
    attemptsKept: keptAttempts(onWire, events.at(-1)?.tMs ?? 0),
    fallbackDelayMs: fallbackDelay(attempts),
    nextAddressDelayMs: nextAddressDelay(attempts),
    resolutionDelayMs: resolutionDelay(events, onWire),
    requestsOnWire: captured ? sent : null,
    retransmissions: captured ? { syn: ofType('wire:syn-retransmission').length, data: ofType('wire:data-retransmission').length } : null,
    reResolutions: Math.max(lookups - 1, 0),
    recoveryMs: recovery(events),
    returnMs: comingBack(events, topology),
    skew: skewOf(backendNames.map((name) => perBackend[name])),
  };
}

/** The connection that a request used last, since a transport may have retried on another: by the trace, or by the packets. */
function answersByBackend(events: readonly TimelineEvent[], topology: Topology): Record<BackendName, number> {
  const perBackend: Record<BackendName, number> = { 'backend-1': 0, 'backend-2': 0, 'backend-3': 0 };
  for (const response of events) {
    if (response.event !== 'client:response') continue;
    const used =
      events.findLast((event) => event.event === 'client:connection' && event.request === response.request) ??
      events.findLast((event) => event.event === 'wire:response' && event.tMs <= response.tMs);
    const backend = used && 'address' in used ? hostAt(topology, used.address) : undefined;
    if (isBackend(backend)) perBackend[backend]++;
  }
  return perBackend;
}

/** From the first request sent after the first fault to the first complete response after that. */
export function recovery(events: readonly TimelineEvent[]): number | null {
  const fault = events.find(({ event }) => event === 'fault:apply');
  const sent = fault && events.find(({ event, tMs }) => event === 'client:request' && tMs >= fault.tMs);
  const answered = sent && events.find(({ event, tMs }) => event === 'client:response' && tMs >= sent.tMs);
  return answered ? rounded(answered.tMs - sent.tMs) : null;
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

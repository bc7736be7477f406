/** From events to numbers: what the client did. Every figure is derived from the timeline, none from what was configured. */
import type { TimelineEvent } from '../events.ts';
import { backendNames, hostAt, isBackend, type BackendName, type Topology } from '../topology.ts';
import { attemptsOf, fallbackDelay, nextAddressDelay, type Attempt } from './attempts.ts';
import { skewOf, type Skew } from './skew.ts';

/** journal.json's `findings`: extended, never renamed. Null means that there was nothing to measure. */
export interface Findings {
  requests: { sent: number; ok: number; failed: number };
  /** Responses by the backend that gave them. */
  perBackend: Record<BackendName, number>;
  connections: { opened: number; reused: number };
  /** The client's own queries, as the DNS server saw them. */
  dnsQueries: { A: number; AAAA: number };
  attempts: Attempt[];
  /** First attempt of the other family minus first attempt, of one request (RFC 8305 section 5). */
  fallbackDelayMs: number | null;
  /** The same between the first two attempts of one family. */
  nextAddressDelayMs: number | null;
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
  const responses = ofType('client:response');
  const connections = ofType('client:connection');
  const perBackend: Record<BackendName, number> = { 'backend-1': 0, 'backend-2': 0, 'backend-3': 0 };
  for (const { request } of responses) {
    // The connection that the request used last: a transport may have retried on another.
    const used = connections.findLast((connection) => connection.request === request);
    const backend = used && hostAt(topology, used.address);
    if (isBackend(backend)) perBackend[backend]++;
  }
  const { ipv4, ipv6 } = topology.hosts.client;
  const queries = ofType('dns:query').filter(({ from }) => from === ipv4 || from === ipv6);
  const attempts = attemptsOf(events);
  const lookups = new Set(ofType('client:dns-start').map(({ lookup, request }) => `${request}/${lookup}`)).size;

  return {
    requests: { sent: ofType('client:request').length, ok: responses.length, failed: ofType('client:error').length },
    perBackend,
    connections: { opened: ofType('client:connect-done').length, reused: connections.filter(({ reused }) => reused).length },
    dnsQueries: { A: queries.filter(({ type }) => type === 'A').length, AAAA: queries.filter(({ type }) => type === 'AAAA').length },
    attempts,
    fallbackDelayMs: fallbackDelay(attempts),
    nextAddressDelayMs: nextAddressDelay(attempts),
    reResolutions: Math.max(lookups - 1, 0),
    recoveryMs: recovery(events),
    returnMs: comingBack(events, topology),
    skew: skewOf(backendNames.map((name) => perBackend[name])),
  };
}

function recovery(events: readonly TimelineEvent[]): number | null {
  const fault = events.find(({ event }) => event === 'fault:apply');
  const sent = fault && events.find(({ event, tMs }) => event === 'client:request' && tMs >= fault.tMs);
  const answered = sent && events.find(({ event, tMs }) => event === 'client:response' && tMs >= sent.tMs);
  return answered ? rounded(answered.tMs - sent.tMs) : null;
}

function comingBack(events: readonly TimelineEvent[], topology: Topology): number | null {
  const heal = events.findLast(({ event }) => event === 'fault:heal');
  if (!heal || !isBackend(heal.host)) return null;
  const { ipv4, ipv6 } = topology.hosts[heal.host];
  const back = events.find(
    (event) => event.event === 'client:connection' && event.tMs >= heal.tMs && (event.address === ipv4 || event.address === ipv6),
  );
  const answered = back?.event === 'client:connection' && events.find((event) => event.event === 'client:response' && event.request === back.request);
  return answered ? rounded(answered.tMs - heal.tMs) : null;
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

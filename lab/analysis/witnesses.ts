/** Three witnesses of one run: what the client's trace, the packets and the servers' logs say must be the same story. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Topology } from '../vocabulary/topology.ts';
import { delaysOnWire, fallbackDelay, nextAddressDelay, tracedAttempts, type Attempt } from './attempts.ts';
import { recovery } from './findings.ts';
import { attemptsOnWire, recoveryOnWire, resolutionsOnWire, type WireAttempt } from './wire-attempts.ts';

/** Between a packet and the moment when a program says so: scheduling, on a machine that runs several labs. */
const toleranceMs = 60;

/** Where they differ, in words; empty when they agree. */
export function disagreements(events: readonly TimelineEvent[], topology: Topology): string[] {
  const { traced, localPorts } = tracedAttempts(events);
  // What stays on the host never reaches its interface.
  const tried = traced.filter(({ address }) => address !== '::1' && !address.startsWith('127.'));
  const wire = attemptsOnWire(events, topology);
  const count = (isIt: (event: TimelineEvent) => boolean): number => events.filter(isIt).length;
  const isOwn = (event: TimelineEvent): boolean => 'from' in event && (event.from === topology.hosts.client.ipv4 || event.from === topology.hosts.client.ipv6);
  // A client may be given other name servers, too.
  const isToDns = ({ address }: { address: string }): boolean => address === topology.hosts.dns.ipv4 || address === topology.hosts.dns.ipv6;
  const connections = events.filter((event) => event.event === 'client:connection');
  const delays = delaysOnWire(wire);

  return [
    ...differ('attempts, by address and how they ended', attemptList(tried.map((attempt) => ({ ...attempt, localPort: localPorts.get(attempt) ?? null }))), attemptList(wire)),
    ...differ('requests that took a used connection', connections.filter(({ reused }) => reused).length, wire.reduce((sum, { requests }) => sum + Math.max(requests - 1, 0), 0)),
    ...differ('lookups', lookups(events), resolutionsOnWire(events)),
    ...differ('queries at the DNS server', count((event) => event.event === 'dns:query' && isOwn(event)), count((event) => event.event === 'wire:dns-query' && isToDns(event))),
    ...differ('requests', connections.length, count(({ event }) => event === 'wire:request')),
    ...differ('answers of the DNS server', count((event) => event.event === 'dns:answer' && isOwn(event)), count(({ event }) => event === 'wire:dns-response')),
    ...differDelay('fallback delay', fallbackDelay(tried), delays.fallbackDelayMs),
    ...differRecovery(recovery(events), recoveryOnWire(events)),
    ...differDelay('next address delay', nextAddressDelay(tried), delays.nextAddressDelayMs),
  ];
}

/** `198.51.100.11 connected from 40001`; only a connection's port is known to both. */
function attemptList(attempts: readonly (Pick<Attempt, 'address' | 'outcome' | 'localPort'> | WireAttempt)[]): string {
  return attempts
    .map(({ address, outcome, localPort }) => `${address} ${outcome === 'connected' ? `connected from ${localPort ?? '?'}` : outcome === 'refused' ? 'refused' : 'unanswered'}`)
    .sort()
    .join(', ');
}

/** Lookups that made a query of their own, for names that DNS knows. */
function lookups(events: readonly TimelineEvent[]): number {
  const started = events.filter((event) => event.event === 'client:dns-start');
  const shared = new Set(events.flatMap((event) => (event.event === 'client:dns-done' && event.coalesced ? [event.lookup] : [])));
  return started.filter(({ lookup, name, resolver }) => !shared.has(lookup) && !(name === 'localhost' && resolver === 'lookup')).length;
}

function differ(what: string, client: string | number, wire: string | number): string[] {
  return client === wire ? [] : [`${what}: ${client} by the program's word, ${wire} by the packets`];
}

function differDelay(what: string, client: number | null, wire: number | null): string[] {
  const agree = client === null || wire === null ? client === wire : Math.abs(client - wire) <= toleranceMs;
  return agree ? [] : [`${what}: ${client ?? 'none'} ms by the program's word, ${wire ?? 'none'} ms by the packets`];
}

/** From packet to packet it is shorter than from the caller's call to what it is given: by what the program takes, and by a body. */
function differRecovery(client: number | null, wire: number | null): string[] {
  const agree = client === null || wire === null ? client === wire : wire <= client + 1 && client - wire < programMs;
  return agree ? [] : [`recovery: ${client ?? 'none'} ms by the program's word, ${wire ?? 'none'} ms by the packets`];
}

/** Generous: this much of a busy machine's time may a program need around its packets. */
const programMs = 1_000;

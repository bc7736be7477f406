/** Compares three witnesses of one run: the client's trace, the packets and the servers' logs must agree. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { isResolverOnClient, type Topology } from '../vocabulary/topology.ts';
import { fallbackDelay, nextAddressDelay, tracedAttempts, type Attempt } from './attempts.ts';
import { recovery } from './recovery.ts';
import { attemptsOnWire, resolutionsOnWire, type WireAttempt } from './wire-attempts.ts';

/** How long after a packet a program may report it: the delay of scheduling on a machine that runs several labs. */
const toleranceMs = 60;

/** What is compared. A difference begins with these words. witnesses.test.ts has cases for each of them. */
export type Comparison =
  | 'attempts, by address and outcome'
  | 'requests on a reused connection'
  | 'lookups'
  | 'queries at the DNS server'
  | 'questions at the resolver'
  | 'requests'
  | 'TLS handshakes'
  | 'answers of the DNS server'
  | 'answers of the resolver'
  | 'fallback delay'
  | 'recovery'
  | 'next address delay';

/** Returns each difference between the witnesses as a sentence. Empty if they agree. */
export function disagreements(events: readonly TimelineEvent[], topology: Topology): string[] {
  const { traced, localPorts } = tracedAttempts(events);
  // Connections to loopback addresses never reach the captured interface.
  const tried = traced.filter(({ address }) => address !== '::1' && !address.startsWith('127.'));
  const wire = asTheProgramSaw(attemptsOnWire(events, topology), tried, localPorts, events);
  const count = (isIt: (event: TimelineEvent) => boolean): number => events.filter(isIt).length;
  const isOwn = (event: TimelineEvent): boolean => 'from' in event && (event.from === topology.hosts.client.ipv4 || event.from === topology.hosts.client.ipv6);
  // A client may have other name servers too. The lab's DNS server does not see those queries.
  const isToDns = ({ address }: { address: string }): boolean => address === topology.hosts.dns.ipv4 || address === topology.hosts.dns.ipv6;
  // Where the resolver is on the client's host, its packets are the client's for the DNS server, and no packet shows what it answers.
  const hasWire = topology.resolver !== null && !isResolverOnClient(topology);
  const { ipv4, ipv6 } = topology.hosts.resolver;
  const isToResolver = ({ address }: { address: string }): boolean => hasWire && (address === ipv4 || address === ipv6);
  const atResolver = (name: 'resolver:query' | 'resolver:answer'): number => (hasWire ? count((event) => event.event === name) : 0);
  const connections = events.filter((event) => event.event === 'client:connection');

  return [
    ...differ('attempts, by address and outcome', attemptList(tried.map((attempt) => ({ ...attempt, localPort: localPorts.get(attempt) ?? null }))), attemptList(wire)),
    ...differ('requests on a reused connection', connections.filter(({ reused }) => reused).length, wire.reduce((sum, { requests }) => sum + Math.max(requests - 1, 0), 0)),
    ...differ('lookups', lookups(events), resolutionsOnWire(events, topology)),
    ...differ('queries at the DNS server', count((event) => event.event === 'dns:query' && isOwn(event)), count((event) => event.event === 'wire:dns-query' && isToDns(event))),
    ...differ('questions at the resolver', atResolver('resolver:query'), count((event) => event.event === 'wire:dns-query' && isToResolver(event))),
    ...differ('requests', connections.length, count(({ event }) => event === 'wire:request')),
    ...differ('TLS handshakes', ...handshakes(events)),
    ...differ('answers of the DNS server', count((event) => event.event === 'dns:answer' && isOwn(event)), count((event) => event.event === 'wire:dns-response' && isToDns(event))),
    ...differ('answers of the resolver', atResolver('resolver:answer'), count((event) => event.event === 'wire:dns-response' && isToResolver(event))),
    ...differDelay('fallback delay', fallbackDelay(tried), fallbackDelay(wire)),
    ...differRecovery(recovery(events)?.ms ?? null, recoveryOnWire(events)),
    ...differDelay('next address delay', nextAddressDelay(tried), nextAddressDelay(wire)),
  ];
}

/**
 * A SYN-ACK may reach the kernel in the moment in which the program gives the attempt up. Then both are true: the packets show a connection,
 * which the program closes without a request, and the trace shows an attempt that was given up. On the wire, a dial ends with an attempt that
 * connects. For the program, the dial went on, unless the caller's time limit ended it.
 */
function asTheProgramSaw(wire: readonly WireAttempt[], traced: readonly Attempt[], localPorts: ReadonlyMap<Attempt, number>, events: readonly TimelineEvent[]): WireAttempt[] {
  const known = new Set([...localPorts].map(([{ address }, localPort]) => `${address} ${localPort}`));
  const ended = (attempt: WireAttempt | undefined, ...outcomes: string[]): boolean =>
    attempt?.isUnused === true && !known.has(`${attempt.address} ${attempt.localPort}`) && traced.some(({ address, outcome }) => address === attempt.address && outcomes.includes(outcome));
  const dials = new Map<number, number>();
  return wire.map((attempt, index) => {
    const last = wire[index - 1];
    const hasAsked = events.some(({ event, tMs }) => event === 'wire:dns-query' && tMs > (last?.startMs ?? 0) && tMs < attempt.startMs);
    if (last && last.dial !== attempt.dial && ended(last, 'given up') && !hasAsked) dials.set(attempt.dial, dials.get(last.dial) ?? last.dial);
    return { ...attempt, dial: dials.get(attempt.dial) ?? attempt.dial, outcome: ended(attempt, 'given up', 'aborted') ? 'aborted' : attempt.outcome };
  });
}

/** Describes attempts: `198.51.100.11 connected from 40001`. Without a connection there is no port, because the trace does not know it. */
function attemptList(attempts: readonly (Pick<Attempt, 'address' | 'outcome' | 'localPort'> | WireAttempt)[]): string {
  return attempts
    .map(({ address, outcome, localPort }) => `${address} ${outcome === 'connected' ? `connected from ${localPort ?? '?'}` : outcome === 'refused' ? 'refused' : 'unanswered'}`)
    .sort()
    .join(', ');
}

/**
 * The handshakes by address, and what they came to: according to the program and to the packets. Where the program has rejected a certificate, both sides may have sent
 * Finished: a client of TLS 1.3 looks at the certificate in its own time. Such a handshake is left out.
 */
function handshakes(events: readonly TimelineEvent[]): [program: string, packets: string] {
  const texts = (name: 'client:tls-done' | 'wire:tls-done'): string[] => events.flatMap((event) => (event.event === name ? [`${event.address} ${event.version}${event.alpn ? ` ${event.alpn}` : ''}${event.resumed ? ' resumed' : ''}`] : [])).sort();
  const [program, packets] = [texts('client:tls-done'), texts('wire:tls-done')];
  for (const event of events) {
    if (event.event !== 'client:tls-failed') continue;
    const isThere = (text: string): boolean => text.startsWith(`${event.address} `);
    if (packets.filter(isThere).length > program.filter(isThere).length) packets.splice(packets.findIndex(isThere), 1);
  }
  return [program.join(', '), packets.join(', ')];
}

/** Counts the lookups that sent queries of their own. The libc resolver answers `localhost` without a query. */
function lookups(events: readonly TimelineEvent[]): number {
  const started = events.filter((event) => event.event === 'client:dns-start');
  const shared = new Set(events.flatMap((event) => (event.event === 'client:dns-done' && event.coalesced ? [event.lookup] : [])));
  return started.filter(({ lookup, name, resolver }) => !shared.has(lookup) && !(name === 'localhost' && resolver === 'lookup')).length;
}

function differ(what: Comparison, client: string | number, wire: string | number): string[] {
  return client === wire ? [] : [`${what}: ${client} according to the program, ${wire} according to the packets`];
}

function differDelay(what: Comparison, client: number | null, wire: number | null): string[] {
  const agree = client === null || wire === null ? client === wire : Math.abs(client - wire) <= toleranceMs;
  return agree ? [] : [`${what}: ${client ?? 'none'} ms according to the program, ${wire ?? 'none'} ms according to the packets`];
}

/** The recovery between packets: from the first packet of the first request after the fault to the first byte of the response that ends it. */
function recoveryOnWire(events: readonly TimelineEvent[]): number | null {
  const recovered = recovery(events);
  if (!recovered) return null;
  const asked = events.find((event) => event.event === 'client:request' && event.request === recovered.from);
  const told = events.find((event) => event.event === 'client:response' && event.request === recovered.to);
  const first = asked && events.find(({ event, tMs }) => tMs >= asked.tMs && (event === 'wire:dns-query' || event === 'wire:syn' || event === 'wire:neighbour-solicitation' || event === 'wire:request'));
  const answered = first && told && events.findLast(({ event, tMs }) => event === 'wire:response' && tMs >= first.tMs && tMs <= told.tMs);
  return answered ? Math.round((answered.tMs - first.tMs) * 1000) / 1000 : null;
}

/**
 * The recovery between packets is shorter than the one that the caller sees, because its packets are looked for within the time of its requests.
 * The difference is the program's own time and the rest of the body.
 */
function differRecovery(client: number | null, wire: number | null): string[] {
  const agree = client === null || wire === null ? client === wire : client - wire < programMs;
  return agree ? [] : [`${'recovery' satisfies Comparison}: ${client ?? 'none'} ms according to the program, ${wire ?? 'none'} ms according to the packets`];
}

/** The most time that a program may need around its packets. It is generous, for busy machines. */
const programMs = 1_000;

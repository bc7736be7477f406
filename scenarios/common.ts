/** What several scenarios say in the same words. */
import type { Attempt } from '../lab/analysis/attempts.ts';
import { check, type Check } from '../lab/analysis/checks.ts';
import type { Findings } from '../lab/analysis/findings.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { hostAt, type BackendName, type Topology } from '../lab/vocabulary/topology.ts';

/** What Node 24 gives one attempt before it moves on (`net.setDefaultAutoSelectFamilyAttemptTimeout`). */
export const nodeAttemptDelayMs = 250;

/** A timer on a busy machine: late by what the scheduler costs, early by no more than its rounding. */
export const timerTolerance = { earlyMs: 2, lateMs: 100 };

/** A resolver's timeout of whole seconds, on a busy machine: the next one that it could be is a second later. */
export const resolverTolerance = { earlyMs: 2, lateMs: 300 };

/** A whole request: several processes have to wake up for it. */
export const requestTolerance = { earlyMs: 2, lateMs: 150 };

/** Who answered, by what the response itself says: true for any client. */
export function answererOf(topology: Topology, { address }: { address: string | null }): string {
  return (address !== null && hostAt(topology, address)) || 'nobody';
}

/** For every client: who tries no address has shown nothing, not even that nobody answered. */
export function triedCheck({ attempts }: Findings): Check {
  return check('the client tried an address', attempts.length > 0, `${attempts.length} attempts`);
}

/** For `until`: the client knows that its connection to this address is gone. */
export function closedTo(topology: Topology, backend: BackendName): (event: TimelineEvent) => boolean {
  const { ipv4, ipv6 } = topology.hosts[backend];
  return (event) => event.event === 'client:connection-closed' && (event.address === ipv4 || event.address === ipv6);
}

/** `198.51.100.11 given up, 198.51.100.12 connected` */
export function attemptsText(attempts: readonly Attempt[]): string {
  return attempts.map(({ address, outcome }) => `${address} ${outcome}`).join(', ') || 'none';
}

/** From the first byte of a request to the first byte of its response, by the packets: what the server and the network took. */
export function servedMs(events: readonly TimelineEvent[], request: number): number | null {
  const start = events.find((event) => event.event === 'client:request' && event.request === request);
  const sent = start && events.find((event) => event.event === 'wire:request' && event.tMs >= start.tMs);
  const answered = sent?.event === 'wire:request' && events.find((event) => event.event === 'wire:response' && event.localPort === sent.localPort && event.count === sent.count);
  return sent && answered ? answered.tMs - sent.tMs : null;
}

/** From the request to the response or the error that its caller got; null where it got neither. */
export function tookMs(events: readonly TimelineEvent[], request: number): number | null {
  const start = events.find((event) => event.event === 'client:request' && event.request === request);
  const end = events.find((event) => (event.event === 'client:response' || event.event === 'client:error') && event.request === request);
  return start && end ? end.tMs - start.tMs : null;
}

/** Tolerances, checks and readings that several scenarios share. */
import type { Attempt } from '../lab/analysis/attempts.ts';
import { check, type Check } from '../lab/analysis/checks.ts';
import type { Findings } from '../lab/analysis/findings.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { hostAt, type BackendName, type Topology } from '../lab/vocabulary/topology.ts';

/** How long Node 24 waits for one attempt before it starts the next, in ms (`net.setDefaultAutoSelectFamilyAttemptTimeout`). */
export const nodeAttemptDelayMs = 250;

/** For a timer on a busy machine. The scheduler can make a timer late; only rounding makes it early. */
export const timerTolerance = { earlyMs: 2, lateMs: 100 };

/** For a resolver's timeout on a busy machine. Timeouts are whole seconds, so the nearest wrong value is a full second away. */
export const resolverTolerance = { earlyMs: 2, lateMs: 300 };

/** For a whole request. Several processes have to wake up during one request. */
export const requestTolerance = { earlyMs: 2, lateMs: 150 };

/** The host whose address is in the response, or `nobody`. It works for any client, because the response itself contains the address. */
export function answererOf(topology: Topology, { address }: { address: string | null }): string {
  return (address !== null && hostAt(topology, address)) || 'nobody';
}

/** A check for every client. A client that tries no address shows nothing: a missing answer would then say nothing about the fault. */
export function triedCheck({ attempts }: Findings): Check {
  return check('the client tried an address', attempts.length > 0, `${attempts.length} attempts`);
}

/** A condition for `until`: the client knows that its connection to this backend is closed. */
export function closedTo(topology: Topology, backend: BackendName): (event: TimelineEvent) => boolean {
  const { ipv4, ipv6 } = topology.hosts[backend];
  return (event) => event.event === 'client:connection-closed' && (event.address === ipv4 || event.address === ipv6);
}

/** The attempts in one line: `198.51.100.11 given up, 198.51.100.12 connected`. */
export function attemptsText(attempts: readonly Attempt[]): string {
  return attempts.map(({ address, outcome }) => `${address} ${outcome}`).join(', ') || 'none';
}

/**
 * Milliseconds from the first byte of a request to the first byte of its response, from the packets: the time that the backend and the network took.
 * Null when the packets show no such request or no response.
 */
export function servedMs(events: readonly TimelineEvent[], request: number): number | null {
  const start = events.find((event) => event.event === 'client:request' && event.request === request);
  const sent = start && events.find((event) => event.event === 'wire:request' && event.tMs >= start.tMs);
  const answered = sent?.event === 'wire:request' && events.find((event) => event.event === 'wire:response' && event.localPort === sent.localPort && event.count === sent.count);
  return sent && answered ? answered.tMs - sent.tMs : null;
}

/** Milliseconds from the start of a request to the response or the error that its caller got. Null when the caller got neither. */
export function tookMs(events: readonly TimelineEvent[], request: number): number | null {
  const start = events.find((event) => event.event === 'client:request' && event.request === request);
  const end = events.find((event) => (event.event === 'client:response' || event.event === 'client:error') && event.request === request);
  return start && end ? end.tMs - start.tMs : null;
}

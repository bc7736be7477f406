/** Shared by the link faults: which packets they hit, and how the observer sees their effect with ICMP echoes. */
import { choice, family, type OptionValues } from '../vocabulary/options.ts';
import type { Echo, PingRequest, PingResult } from '../../services/probe/ping.ts';
import { familiesOf, observeEach, type FaultTarget, type Observation } from './fault.ts';
import type { Family } from '../vocabulary/topology.ts';

/** The kinds of host that every link fault can act on. */
export const linkTargets = ['backend', 'dns'] as const;

/** Which packets are hit. ARP, neighbour discovery and similar housekeeping are never hit. */
export const scope = {
  family: family('the IP family to hit, 0 for both'),
  direction: choice(['from', 'to', 'both'], 'from', 'hit the packets from the host, to the host, or both'),
};
export type Scope = OptionValues<typeof scope>;

/** How many times an echo meets the fault on its way there and back. */
export function passes({ direction }: Scope): 1 | 2 {
  return direction === 'both' ? 2 : 1;
}

/** A packet that is lost twice arrives with the kernel's third try: after 1 s, and 2 s after that (RFC 6298 sections 2 and 5.5). */
export const repeatedTwiceMs = 3_000;

/** The observer pings the target in each family that is hit, and `judge` decides whether the result is the effect. */
export function observePings(target: FaultTarget, options: Scope, request: Partial<PingRequest>, judge: (result: PingResult, each: Family) => Observation): Promise<Observation> {
  return observeEach(familiesOf(options.family), async (each) => judge(await target.probe.ping(target.name, each, request), each));
}

/**
 * How many echoes are needed to see an effect at least once, if it hits `percent` of the packets, `burst` in a row. With this number, the
 * effect stays unseen once in ten thousand looks.
 */
export function echoesToSee(percent: number, burst = 1): Pick<PingRequest, 'count' | 'batch'> {
  const unseen = 1 - Math.min(percent / 100, 0.99) / burst;
  return { count: Math.ceil(Math.log(1e-4) / Math.log(unseen)), batch: 5 };
}

/** The sequence numbers of the echoes that came back. */
export function answered(echoes: readonly Echo[]): Set<number> {
  return new Set(echoes.map(({ sequence }) => sequence));
}

/**
 * The longest time in which echoes left and none of them came back, in ms; 0 if all came back. The times are those at which the echoes before and behind it left,
 * because a busy machine may send a few in a long time. `everyMs` is the least time from one echo to the next.
 */
export function longestSilenceMs({ sent, echoes }: PingResult, everyMs: number): number {
  const back = [...new Map(echoes.map(({ sequence, rttMs, sinceMs }) => [sequence, sinceMs - rttMs]))].sort(([one], [other]) => one - other);
  const last = back.at(-1) ?? [0, 0];
  // When an echo left that did not come back is not known. Those behind the last one that came back left at least this much later.
  const ends = [...back, [sent, last[1] + (sent - 1 - last[0]) * everyMs] as const];
  return Math.max(...ends.map(([sequence, leftMs], index) => {
    const [before, beforeMs] = ends[index - 1] ?? [-1, 0];
    return sequence - before > 1 ? leftMs - beforeMs : 0;
  }));
}

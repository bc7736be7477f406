/** What the faults of a link share: whom they hit, and how their effect shows in echoes that the observer asks for. */
import { choice, family, type OptionValues } from '../vocabulary/options.ts';
import type { Echo, PingRequest, PingResult } from '../../services/probe/ping.ts';
import { familiesOf, observeEach, type FaultTarget, type Observation } from './fault.ts';
import type { Family } from '../vocabulary/topology.ts';

/** Where every fault of a link can act. */
export const linkTargets = ['backend', 'dns'] as const;

/** Which packets are hit. ARP, neighbour discovery and the like never are. */
export const scope = {
  family: family('the family to hit, 0 for both'),
  direction: choice(['from', 'to', 'both'], 'from', 'which packets: from the host, to it, or both'),
};
export type Scope = OptionValues<typeof scope>;

/** How often an echo, there and back, meets the fault. */
export function passes({ direction }: Scope): 1 | 2 {
  return direction === 'both' ? 2 : 1;
}

/** What is lost twice comes with the kernel's third try: 1 s, and 2 s after that (RFC 6298 section 2 and 5.5). */
export const repeatedTwiceMs = 3_000;

/** Pings in each family that is hit. */
export function observePings(target: FaultTarget, options: Scope, request: Partial<PingRequest>, judge: (result: PingResult, each: Family) => Observation): Promise<Observation> {
  return observeEach(familiesOf(options.family), async (each) => judge(await target.probe.ping(target.name, each, request), each));
}

/**
 * How many echoes it takes to see something that happens to `percent` of the packets, `burst` in a row, at least once: with this
 * many it stays unseen once in ten thousand times.
 */
export function echoesToSee(percent: number, burst = 1): Pick<PingRequest, 'count' | 'batch'> {
  const unseen = 1 - Math.min(percent / 100, 0.99) / burst;
  return { count: Math.ceil(Math.log(1e-4) / Math.log(unseen)), batch: 5 };
}

/** The sequence numbers that came back at all. */
export function answered(echoes: readonly Echo[]): Set<number> {
  return new Set(echoes.map(({ sequence }) => sequence));
}

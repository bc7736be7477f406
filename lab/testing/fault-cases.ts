/** Shared by the tests of faults. They check what the client's host sees before a fault, while it is in force, and after healing, in each family. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith, type Need } from './testing.ts';
import { Timeline } from '../run/timeline.ts';
import { createTopology, type Family } from '../vocabulary/topology.ts';
import type { FaultName } from '../faults/index.ts';
import { atOnceMs, see, type Sight } from './client-sight.ts';

/** A fault, and what the client's host sees of the backend in each family while the fault is in force. */
export interface Case {
  fault: FaultName;
  options?: Record<string, string | number>;
  look?: { path?: string; limitMs?: number };
  ipv4: Partial<Sight>;
  ipv6: Partial<Sight>;
  /** Further expectations: times, each with its tolerance. */
  also?: (seen: Record<Family, Sight>) => void;
  /** The time that the fault makes longer. It must be shorter before and after. */
  slows?: 'connectMs' | 'getMs';
}

export const answers = { connect: 'connected', get: '200' };
export const silent = { connect: 'silent' };
export const refused = { connect: 'ECONNREFUSED' };

/** Expects that the connects of both families ended at once. */
export function atOnce({ 4: ipv4, 6: ipv6 }: Record<Family, Sight>): void {
  for (const { connectMs } of [ipv4, ipv6]) expect(connectMs).toBeLessThan(atOnceMs);
}

/** Expects a time that fits the SYN after `seconds`: the nth retransmission leaves n seconds after the first SYN, as long as n is small. */
export function expectSynAfter(seconds: number, ms: number): void {
  expect(ms).toBeGreaterThan(seconds * 1_000 - 50);
  expect(ms).toBeLessThan(seconds * 1_000 + atOnceMs);
}

/** Spreads the cases over the backends, round robin, so that three slow cases can run at the same time. */
export function describeCases(title: string, needs: readonly Need[], cases: readonly Case[]): void {
  describeWith(needs, title, () => {
    let lab: Lab;
    beforeAll(async () => {
      lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    });
    afterAll(async () => {
      await lab[Symbol.asyncDispose]();
    });

    const { backends } = createTopology();
    const shares = backends.map((backend, index) => ({ backend, mine: cases.filter((_, at) => at % backends.length === index) }));
    describe.for(shares)('on $backend', { concurrent: true }, ({ backend, mine }) => {
      test('each fault has its effect in the chosen families while in force, and none before and after', async () => {
        for (const { fault, options = {}, look = {}, ipv4, ipv6, also, slows } of mine) {
          const about = `${fault} ${JSON.stringify(options)}`;
          const calm = (): Promise<Record<Family, Sight>> => see(lab, backend, { path: look.path ?? '/', limitMs: 3_000 });
          const before = await calm();
          expect(before, `before ${about}`).toMatchObject({ 4: answers, 6: answers });
          const applied = await lab.apply(fault, backend, options);
          if (fault === 'vanish') await forgetNeighbours(lab);
          const seen = await see(lab, backend, look);
          expect(seen, about).toMatchObject({ 4: ipv4, 6: ipv6 });
          also?.(seen);
          await applied.heal();
          const after = await calm();
          expect(after, `after ${about}`).toMatchObject({ 4: answers, 6: answers });
          if (slows !== undefined) {
            for (const { 4: calm4, 6: calm6 } of [before, after]) expect(Math.max(calm4[slows], calm6[slows]), `without ${about}`).toBeLessThan(Math.max(seen[4][slows], seen[6][slows]));
          }
        }
        expect(lab.inForce.filter((applied) => applied.host === backend)).toEqual([]);
        expect(lab.doubts.filter((doubt) => doubt.includes(backend))).toEqual([]);
      }, 60_000);
    });
  });
}

async function forgetNeighbours(lab: Lab): Promise<void> {
  for (const family of ['-4', '-6']) expect((await lab.host('client').run(['ip', family, 'neigh', 'flush', 'all'])).exitCode).toBe(0);
}

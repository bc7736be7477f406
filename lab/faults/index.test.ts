/**
 * Every fault on a real lab, seen by an eye of the tests' own: before, while in force, after healing; in each family. What is
 * asserted is what the client's kernel says, not what a rule says.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { netns } from '../drivers/netns.ts';
import { startLab, type Lab } from '../lab.ts';
import { describeWith } from '../testing.ts';
import { Timeline } from '../timeline.ts';
import { backendNames, type Family } from '../topology.ts';
import { dnsFaults } from './dns.ts';
import { httpFaults } from './http.ts';
import { faultNames, isFaultName, type FaultName } from './index.ts';
import { linkFaults } from './link.ts';
import { atOnceMs, see, type Sight } from './testing.ts';

const answers = { connect: 'connected', get: '200' };
const silent = { connect: 'silent' };
const refused = { connect: 'ECONNREFUSED' };
const hostUnreachable = { connect: 'EHOSTUNREACH' };
const noRoute = { connect: 'ENETUNREACH' };

interface Case {
  fault: FaultName;
  options?: Record<string, string | number>;
  look?: { path?: string; limitMs?: number };
  ipv4: Partial<Sight>;
  ipv6: Partial<Sight>;
  /** What else must hold: times, each with its tolerance. */
  also?: (seen: Record<Family, Sight>) => void;
}

const delayMs = 200;

const cases: Case[] = [
  { fault: 'noop', ipv4: answers, ipv6: answers },
  { fault: 'stop', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'kill', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'pause', ipv4: { connect: 'connected', get: 'silent' }, ipv6: { connect: 'connected', get: 'silent' }, also: atOnce },
  { fault: 'blackhole', ipv4: silent, ipv6: silent },
  { fault: 'blackhole', options: { family: 4 }, ipv4: silent, ipv6: answers },
  { fault: 'blackhole', options: { family: 6 }, ipv4: answers, ipv6: silent },
  { fault: 'refuse', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'refuse', options: { family: 4 }, ipv4: refused, ipv6: answers, also: atOnce },
  { fault: 'refuse', options: { family: 6 }, ipv4: answers, ipv6: refused, also: atOnce },
  {
    fault: 'unreachable',
    look: { limitMs: 2_500 },
    ipv4: hostUnreachable,
    ipv6: noRoute,
    also: ({ 4: ipv4, 6: ipv6 }) => {
      expect(ipv4.connectMs).toBeLessThan(atOnceMs);
      expectSecondSyn(ipv6.connectMs);
    },
  },
  { fault: 'unreachable', options: { family: 4 }, ipv4: hostUnreachable, ipv6: answers, also: atOnce },
  {
    fault: 'unreachable',
    options: { family: 6 },
    look: { limitMs: 2_500 },
    ipv4: answers,
    ipv6: noRoute,
    also: ({ 6: ipv6 }) => { expectSecondSyn(ipv6.connectMs); },
  },
  {
    // Nobody asked this host lately, and its neighbour entry is flushed below: 3 solicitations, 1 s apart.
    fault: 'vanish',
    look: { limitMs: 5_000 },
    ipv4: hostUnreachable,
    ipv6: hostUnreachable,
    also: ({ 4: ipv4, 6: ipv6 }) => {
      for (const { connectMs } of [ipv4, ipv6]) {
        expect(connectMs).toBeGreaterThan(2_900);
        expect(connectMs).toBeLessThan(3_050 + atOnceMs);
      }
    },
  },
  {
    fault: 'slow-response',
    options: { delayMs },
    look: { limitMs: 3_000 },
    ipv4: answers,
    ipv6: answers,
    also: (seen) => {
      atOnce(seen);
      for (const { getMs } of [seen[4], seen[6]]) {
        expect(getMs).toBeGreaterThan(delayMs - 2);
        expect(getMs).toBeLessThan(delayMs + atOnceMs);
      }
    },
  },
];

/** Connects, where they ended, ended at once. */
function atOnce({ 4: ipv4, 6: ipv6 }: Record<Family, Sight>): void {
  for (const { connectMs } of [ipv4, ipv6]) expect(connectMs).toBeLessThan(atOnceMs);
}

/** The second SYN leaves 1 s after the first. */
function expectSecondSyn(ms: number): void {
  expect(ms).toBeGreaterThan(950);
  expect(ms).toBeLessThan(1_000 + atOnceMs);
}

async function forgetNeighbours(lab: Lab): Promise<void> {
  for (const family of ['-4', '-6']) expect((await lab.host('client').run(['ip', family, 'neigh', 'flush', 'all'])).exitCode).toBe(0);
}

test('every fault of the table has a case, here or in the test of its own table', () => {
  const elsewhere = [httpFaults, dnsFaults, linkFaults].flatMap(Object.keys);
  expect(new Set([...cases.map(({ fault }) => fault), ...elsewhere, 'hot-restart'])).toEqual(new Set(faultNames));
  expect([isFaultName('kill'), isFaultName('toString')]).toEqual([true, false]);
});

describeWith('netns', 'faults', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  // One backend each, round robin, so that three cases can wait side by side for what takes seconds.
  describe.for(backendNames.map((backend, index) => ({ backend, mine: cases.filter((_, at) => at % backendNames.length === index) })))('on $backend', { concurrent: true }, ({ backend, mine }) => {
    test('in force: its effect, in the families asked for; before and after: none', async () => {
      for (const { fault, options = {}, look = {}, ipv4, ipv6, also } of mine) {
        const title = `${fault} ${JSON.stringify(options)}`;
        const baseline = await see(lab, backend, { path: look.path ?? '/', limitMs: 3_000 });
        expect(baseline, `before ${title}`).toMatchObject({ 4: answers, 6: answers });
        const applied = await lab.apply(fault, backend, options);
        if (fault === 'vanish') await forgetNeighbours(lab);
        const seen = await see(lab, backend, look);
        expect(seen, title).toMatchObject({ 4: ipv4, 6: ipv6 });
        also?.(seen);
        await applied.heal();
        const healed = await see(lab, backend, { path: look.path ?? '/', limitMs: 3_000 });
        expect(healed, `after ${title}`).toMatchObject({ 4: answers, 6: answers });
        // What takes its time while in force takes less without it.
        if (fault === 'slow-response') {
          for (const calm of [baseline, healed]) expect(Math.max(calm[4].getMs, calm[6].getMs), `around ${title}`).toBeLessThan(Math.max(seen[4].getMs, seen[6].getMs));
        }
      }
      expect(lab.inForce.filter((applied) => applied.host === backend)).toEqual([]);
      expect(lab.doubts.filter((doubt) => doubt.includes(backend))).toEqual([]);
    }, 40_000);
  });
});

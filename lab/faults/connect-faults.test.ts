/** What a new connection meets before a fault, while it is in force, and after healing, in each family. */
import { expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab } from '../run/lab.ts';
import { describeWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { answers, atOnce, describeCases, expectSynAfter, refused, silent, type Case } from '../testing/fault-cases.ts';
import { connectFaults } from './connect-faults.ts';
import { holdPair } from '../testing/client-sight.ts';

const [hostUnreachable, noRoute, prohibited] = [{ connect: 'EHOSTUNREACH' }, { connect: 'ENETUNREACH' }, { connect: 'EACCES' }];
/** Long enough for an error that takes effect with the second SYN. */
const look = { limitMs: 2_500 };

const cases: Case[] = [
  { fault: 'blackhole', ipv4: silent, ipv6: silent },
  { fault: 'blackhole', options: { family: 4 }, ipv4: silent, ipv6: answers },
  { fault: 'blackhole', options: { family: 6 }, ipv4: answers, ipv6: silent },
  { fault: 'blackhole', options: { direction: 'to' }, ipv4: silent, ipv6: silent },
  { fault: 'blackhole', options: { direction: 'to', family: 6 }, ipv4: answers, ipv6: silent },
  { fault: 'blackhole', options: { direction: 'both', family: 4 }, ipv4: silent, ipv6: answers },
  { fault: 'refuse', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'refuse', options: { family: 4 }, ipv4: refused, ipv6: answers, also: atOnce },
  { fault: 'refuse', options: { family: 6 }, ipv4: answers, ipv6: refused, also: atOnce },
  { fault: 'unreachable', options: { family: 4 }, ipv4: hostUnreachable, ipv6: answers, also: atOnce },
  { fault: 'unreachable', options: { family: 6 }, look, ipv4: answers, ipv6: noRoute, also: ({ 6: ipv6 }) => { expectSynAfter(1, ipv6.connectMs); } },
  { fault: 'prohibited', options: { family: 4 }, ipv4: hostUnreachable, ipv6: answers, also: atOnce },
  { fault: 'prohibited', options: { family: 4, code: 10 }, ipv4: hostUnreachable, ipv6: answers, also: atOnce },
  { fault: 'prohibited', options: { family: 6 }, look, ipv4: answers, ipv6: prohibited, also: ({ 6: ipv6 }) => { expectSynAfter(1, ipv6.connectMs); } },
  { fault: 'first-syns-lost', look, slows: 'connectMs', ipv4: answers, ipv6: answers, also: (seen) => { for (const each of [seen[4], seen[6]]) expectSynAfter(1, each.connectMs); } },
  { fault: 'first-syns-lost', options: { family: 4 }, look, ipv4: answers, ipv6: answers, also: ({ 4: ipv4, 6: ipv6 }) => { expectSynAfter(1, ipv4.connectMs); expect(ipv6.connectMs).toBeLessThan(700); } },
  { fault: 'first-syns-lost', options: { family: 6 }, look, ipv4: answers, ipv6: answers, also: ({ 4: ipv4, 6: ipv6 }) => { expectSynAfter(1, ipv6.connectMs); expect(ipv4.connectMs).toBeLessThan(700); } },
  { fault: 'accept-queue-full', ipv4: silent, ipv6: silent },
  { fault: 'accept-queue-full', options: { family: 4, backlog: 3 }, ipv4: silent, ipv6: answers },
  { fault: 'accept-queue-full', options: { family: 6, backlog: 3 }, ipv4: answers, ipv6: silent },
];

test('every fault of the table has a case', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(connectFaults)));
});

describeCases('faults that a new connection meets', ['netns', 'nft'], cases);

describeWith(['netns', 'nft'], 'effects that a client cannot see', () => {
  const run = async (lab: Awaited<ReturnType<typeof startLab>>, ...argv: string[]): Promise<string> => (await lab.host('backend-1').run(argv)).stdout;

  test('blackhole on a kept connection: with `from` the server carries out the request, with `to` the request never arrives', async () => {
    const timeline = new Timeline();
    await using lab = await startLab({ driver: netns, timeline, seed: '1' });
    const arrived = (): number => timeline.events.filter((event) => event.event === 'backend:request' && event.from === lab.topology.hosts.client.ipv4).length;
    for (const [direction, requests] of [['from', 2], ['to', 1]] as const) {
      const held = await holdPair(lab, 'backend-1');
      const before = arrived();
      expect(await held.ask()).toEqual(['answered', 'answered']);
      const applied = await lab.apply('blackhole', 'backend-1', { direction });
      expect(await held.ask()).toEqual(['stalled', 'stalled']);
      await lab.settle();
      expect(arrived() - before, direction).toBe(requests);
      await held.release();
      await applied.heal();
    }
    expect(lab.doubts).toEqual([]);
  });

  test('a backlog of n admits n + 1 connections, as ss counts them', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const applied = await lab.apply('accept-queue-full', 'backend-1', { backlog: 4, family: 4 });
    // For a listening socket, Recv-Q is the number of waiting connections and Send-Q is the backlog (ss(8)).
    expect(await run(lab, 'ss', '-Hltn', '-4', 'sport', '=', ':8080')).toMatch(/^LISTEN +5 +4 +198\.51\.100\.11:8080/);
    await applied.heal();
    expect(lab.doubts).toEqual([]);
  });

  test('healing restores rules and tables as they were', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const state = (): Promise<string> => run(lab, 'sh', '-c', 'ip -4 rule; ip -6 rule; ip -4 route show table all; nft list ruleset');
    const before = await state();
    const applied = [
      await lab.apply('blackhole', 'backend-1', { direction: 'both', family: 6 }),
      await lab.apply('prohibited', 'backend-1', { family: 4 }),
    ];
    expect(await state()).not.toBe(before);
    for (const each of applied) await each.heal();
    expect(await state()).toBe(before);
  });

  test('without nft, the message names nft and the package to install', async () => {
    await using lab = await startLab({
      driver: { ...netns, start: async (topology) => {
        const network = await netns.start(topology);
        return { ...network, host: (name) => ({ ...network.host(name), run: (argv) => network.host(name).run(argv[0] === 'nft' ? ['no-such-nft'] : argv) }), [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
      } },
      timeline: new Timeline(),
      seed: '1',
    });
    await expect(lab.apply('prohibited', 'backend-1')).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: 'Could not put prohibited backend-1 in force: nft is missing on backend-1; install nftables' });
    expect(lab.inForce).toEqual([]);
  });
});

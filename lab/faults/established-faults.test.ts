/** What each fault does to a connection that was established before the fault. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { establishedFaults } from './established-faults.ts';
import type { FaultName } from './index.ts';
import { holdPair, see } from '../testing/client-sight.ts';

/** For each fault: what a request on a kept connection meets, over IPv4 and IPv6, and then what a new connection meets. */
const cases: [FaultName, Record<string, string | number>, [string, string], [string, string]?][] = [
  ['noop', {}, ['answered', 'answered']],
  ['kill', {}, ['closed', 'closed'], ['ECONNREFUSED', 'ECONNREFUSED']],
  ['stop', {}, ['closed', 'closed'], ['ECONNREFUSED', 'ECONNREFUSED']],
  ['drain', {}, ['answered', 'answered'], ['ECONNREFUSED', 'ECONNREFUSED']],
  ['drain', { idle: 'close' }, ['closed', 'closed'], ['ECONNREFUSED', 'ECONNREFUSED']],
  ['restart', {}, ['closed', 'closed']],
  ['hot-restart', {}, ['answered', 'answered']],
  ['move', {}, ['closed', 'closed'], ['ECONNREFUSED', 'ECONNREFUSED']],
  ['pause', {}, ['stalled', 'stalled']],
  ['vanish', {}, ['stalled', 'stalled'], ['silent', 'silent']],
  ['refuse', {}, ['answered', 'answered'], ['ECONNREFUSED', 'ECONNREFUSED']],
  ['blackhole', {}, ['stalled', 'stalled'], ['silent', 'silent']],
  ['blackhole', { direction: 'to', family: 4 }, ['stalled', 'answered'], ['silent', 'connected']],
  ['unreachable', { family: 4 }, ['stalled', 'answered'], ['EHOSTUNREACH', 'connected']],
  ['prohibited', { family: 4 }, ['stalled', 'answered'], ['EHOSTUNREACH', 'connected']],
  ['first-syns-lost', {}, ['answered', 'answered'], ['silent', 'silent']],
  ['accept-queue-full', {}, ['answered', 'answered'], ['silent', 'silent']],
  ['half-open', {}, ['stalled', 'stalled']],
  ['half-open', { direction: 'to' }, ['stalled', 'stalled']],
  ['half-open', { direction: 'from', family: 4 }, ['stalled', 'answered']],
  ['half-open', { family: 6 }, ['answered', 'stalled']],
  ['half-open', { connections: 'all' }, ['stalled', 'stalled'], ['silent', 'silent']],
  ['data-lost', {}, ['stalled', 'stalled']],
  ['data-lost', { family: 6 }, ['answered', 'stalled']],
  ['reset', {}, ['reset', 'reset']],
  ['reset', { family: 6 }, ['answered', 'reset']],
  ['close-idle', {}, ['closed', 'closed']],
  ['slow-close', {}, ['answered', 'answered']],
  ['limit-data', {}, ['cut', 'cut']],
  ['limit-data', { ending: 'rst', bytes: 50 }, ['cut', 'cut']],
];

test('every fault of the table has a case', () => {
  expect(cases.map(([fault]) => fault)).toEqual(expect.arrayContaining(Object.keys(establishedFaults)));
});

describeWith(['netns', 'nft'], 'an established connection', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const newOnes = async (): Promise<[string, string]> => {
    const { 4: ipv4, 6: ipv6 } = await see(lab, 'backend-2');
    return [ipv4.connect, ipv6.connect];
  };

  test.for(cases)('under %s %j: requests on IPv4 and IPv6 are %j', async ([fault, options, kept, fresh = ['connected', 'connected']]) => {
    const held = await holdPair(lab, 'backend-2');
    expect(await held.ask()).toEqual(['answered', 'answered']);
    const doubts = lab.doubts.length;
    const applied = await lab.apply(fault, 'backend-2', options);
    expect([await held.ask(), await newOnes()]).toEqual([kept, fresh]);
    await held.release();
    await applied.heal();
    const again = await holdPair(lab, 'backend-2');
    expect([await again.ask(), await again.ask(), await newOnes()]).toEqual([['answered', 'answered'], ['answered', 'answered'], ['connected', 'connected']]);
    await again.release();
    expect(lab.doubts.slice(doubts)).toEqual([]);
  });

});

/** Several faults on one backend, and the input that `apply` rejects. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import type { AppliedFault } from './in-force.ts';
import { describeWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { faultNames } from './index.ts';
import { networkOf, see, silenceMs } from '../testing/client-sight.ts';

describeWith(['netns', 'nft'], 'several faults on one host', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const families = async (): Promise<[string, string]> => {
    const { 4: ipv4, 6: ipv6 } = await see(lab, 'backend-1', { limitMs: silenceMs });
    return [ipv4.connect, ipv6.connect];
  };

  test('healing one fault leaves the other fault in force', async () => {
    const hole = await lab.apply('blackhole', 'backend-1', { family: 6 });
    const wall = await lab.apply('unreachable', 'backend-1', { family: 4 });
    expect(await families()).toEqual(['EHOSTUNREACH', 'silent']);
    await wall.heal();
    expect(await families()).toEqual(['connected', 'silent']);
    await hole.heal();
    expect(await families()).toEqual(['connected', 'connected']);
    expect(lab.doubts).toEqual([]);
  });

  test('healing the later of two faults in the same family leaves the earlier fault in force', async () => {
    const hole = await lab.apply('blackhole', 'backend-1', { family: 4 });
    const wall = await lab.apply('unreachable', 'backend-1', { family: 4 });
    await wall.heal();
    expect(await families()).toEqual(['silent', 'connected']);
    await hole.heal();
    expect(await families()).toEqual(['connected', 'connected']);
    expect(lab.inForce).toEqual([]);
  });

  test('a fault whose effect cannot be looked for is undone', async () => {
    const paused = await lab.apply('pause', 'backend-1');
    await expect(lab.apply('half-open', 'backend-1')).rejects.toThrow('Could not look for the effect of half-open backend-1: its process is paused; heal `pause` first');
    expect((await lab.host('backend-1').run(['nft', 'list', 'tables'])).stdout).toBe('');
    await expect(lab.apply('hot-restart', 'backend-1')).rejects.toThrow('Could not put hot-restart backend-1 in force: its process is paused; heal `pause` first');
    await paused.heal();
    expect(await families()).toEqual(['connected', 'connected']);
    expect(lab.doubts).toEqual([]);
  });

  test.each([
    ['delay', { delayMs: 150, direction: 'both' }, ['kill', 'refuse', 'move', 'error-status', 'throttle', 'slow-handshake']],
    ['throttle', { rateKbit: 32 }, ['delay', 'kill', 'move', 'empty-reply']],
    ['loss', { percent: 30 }, ['refuse', 'error-status', 'blackhole']],
  ] as const)('under %s %o, each other fault is still seen, because the observer waits longer', async (name, options, others) => {
    const before = await networkOf(lab, 'backend-3');
    for (const other of others) {
      const [first, second] = [await lab.apply(name, 'backend-3', options), await lab.apply(other, 'backend-3')];
      expect(second.observation.seen, `${other}: ${second.observation.observed}`).toBe(true);
      await first.heal();
      await second.heal();
    }
    expect(await networkOf(lab, 'backend-3')).toBe(before);
    expect(lab.doubts).toEqual([]);
  }, 60_000);

  test('healing twice has the same result as healing once', async () => {
    const stopped: AppliedFault = await lab.apply('stop', 'backend-1');
    await Promise.all([stopped.heal(), stopped.heal()]);
    await stopped.heal();
    const heals = lab.timeline.events.filter(({ event, host }) => event === 'fault:heal' && host === 'backend-1');
    expect(heals.at(-1)).toMatchObject({ fault: 'stop backend-1' });
    expect(heals.filter((event) => 'fault' in event && event.fault === 'stop backend-1')).toHaveLength(1);
    expect(await families()).toEqual(['connected', 'connected']);
  });

  test('a fault stays in force when its process is killed, and heals while the process is gone', async () => {
    const narrow = await lab.apply('refuse', 'backend-1', { family: 6 });
    const killed = await lab.apply('kill', 'backend-1');
    await killed.heal();
    expect(await families()).toEqual(['connected', 'ECONNREFUSED']);
    const again = await lab.apply('kill', 'backend-1');
    await narrow.heal();
    await again.heal();
    expect(await families()).toEqual(['connected', 'connected']);
    expect(lab.doubts).toEqual([]);
  });

  test('changes on one host wait for each other, so that the same fault is not put in force twice', async () => {
    const rules = async (): Promise<string> => (await lab.host('backend-1').run(['sh', '-c', 'ip rule; ip -6 rule; nft list ruleset'])).stdout;
    const before = await rules();
    const both = await Promise.allSettled([lab.apply('blackhole', 'backend-1'), lab.apply('blackhole', 'backend-1')]);
    expect(both.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect(both[1]).toMatchObject({ reason: { code: 'BAD_INPUT', message: 'blackhole backend-1 is in force already; heal it first.' } });
    const [, ...others] = await Promise.all([lab.inForce[0]?.heal(), lab.apply('prohibited', 'backend-1', { family: 4 }), lab.apply('data-lost', 'backend-1', { family: 6 })]);
    await Promise.all(others.map((each) => each.heal()));
    expect(lab.doubts).toEqual([]);
    expect(lab.inForce).toEqual([]);
    expect(await rules()).toBe(before);
  });

  test('a restarted DNS server has the answer policy from before', async () => {
    await lab.dns.filter('selectFirst', false);
    await lab.dns.aaaa(true);
    const killed = await lab.apply('kill', 'dns');
    await killed.heal();
    expect(await lab.dns.ttl(7)).toMatchObject({ aaaa: true, ttlS: 7, chains: { A: 'up > shuffle' } });
    expect(lab.doubts).toEqual([]);
  });

  test.each([
    ['blackhoel', 'backend-1', {}, `Unknown fault \`blackhoel\`. Known: ${faultNames.join(', ')}. Did you mean \`blackhole\`?`],
    ['kill', 'client', {}, 'The fault kill cannot act on `client`. It acts on: backend-1, backend-2, backend-3, dns.'],
    ['refuse', 'dns', {}, 'The fault refuse cannot act on `dns`. It acts on: backend-1, backend-2, backend-3.'],
    ['kill', 'backend1', {}, 'The fault kill cannot act on `backend1`. It acts on: backend-1, backend-2, backend-3, dns. Did you mean `backend-1`?'],
    ['blackhole', 'backend-1', { family: 5 }, 'Expected `family` of the fault blackhole to be one of 0, 4, 6, got 5.'],
    ['throttle', 'backend-1', { rateKbit: 7 }, 'Expected `rateKbit` of the fault throttle to be a whole number from 8 to 20000, got 7.'],
  ])('`apply` rejects %s %s %j, and no fault is in force', async (fault, backend, options, message) => {
    await expect(lab.apply(fault, backend, options)).rejects.toMatchObject({ code: 'BAD_INPUT', message });
    expect(lab.inForce).toEqual([]);
  });
});

describeWith('netns', 'hot-restart, when the new process cannot start', () => {
  test('keeps the old process, and the earlier fault still heals', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const full = await lab.apply('accept-queue-full', 'backend-1');
    await expect(lab.apply('hot-restart', 'backend-1')).rejects.toThrow(/Could not put hot-restart backend-1 in force: .*EADDRINUSE/);
    await full.heal();
    expect(await see(lab, 'backend-1', { limitMs: silenceMs })).toMatchObject({ 4: { get: '200' }, 6: { get: '200' } });
    expect(lab.doubts).toEqual([expect.stringContaining('EADDRINUSE')]);
  });
});

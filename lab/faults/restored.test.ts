/** Healing restores what was before: what `behave` has set, and what other faults still ask for. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Behaviours, behaviourOptions, healthy, type Behaviour } from '../../services/backend/behaviour.ts';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { see } from '../testing/client-sight.ts';
import { describeWith, until } from '../testing/testing.ts';
import { defaultsOf, type OptionTable } from '../vocabulary/options.ts';
import { addressOf, createTopology, type BackendName } from '../vocabulary/topology.ts';
import type { Fault, FaultTarget } from './fault.ts';
import { h2Faults } from './h2-faults.ts';
import { httpFaults } from './http-faults.ts';
import { tlsFaults } from './tls-faults.ts';

/** No field is as in a healthy backend. */
const byHand: Behaviour = {
  delayMs: 11, status: 418, statusPercent: 42, retryAfterS: 13, failFirst: 14, stall: true, truncate: 'rst', contentLength: 'leave-out', dribbleMs: 15, malformed: 'chunk', empty: 'rst', closeReused: 'rst', closeAfter: 16, keepAliveMs: 17, announce: false,
  tlsAnswer: 'alert', tlsDelayMs: 18, largestHelloBytes: 19, certificate: 'expired', alpn: 'none', tlsVersions: 'old', ticketKeys: 'shared', closeNotify: 'leave-out',
  goaway: 'error', refuseStreams: 'once', resetStreams: 'CANCEL', cutStreams: 'CANCEL', garbage: 'frame', h2Ignores: 'ping', maxStreams: 20,
};

test.each(Object.entries({ ...httpFaults, ...tlsFaults, ...h2Faults } as Record<string, Fault>))('%s: its heal restores every field that was set by hand', async (name, fault) => {
  expect(Object.keys(byHand)).toEqual(Object.keys(behaviourOptions));
  const behaviours = new Behaviours();
  behaviours.change(byHand);
  const commands: string[] = [];
  const service = { call: (command: string, args: Record<string, unknown> = {}): Promise<never> => {
    commands.push(command);
    if (command === 'fault-behaviour') behaviours.change(args['change'], String(args['fault']));
    else if (command === 'heal-behaviour') behaviours.restore(String(args['fault']));
    else behaviours.change(args);
    return Promise.resolve(undefined as never);
  } };
  const target = { fault: name, service: () => service, giveCertificate: () => Promise.resolve(), topology: createTopology({ https: true }), probe: { handshake: () => Promise.resolve({}) } } as unknown as FaultTarget;
  const heal = await fault.apply(target, defaultsOf<OptionTable>(fault.options));
  expect(commands).toEqual(['fault-behaviour']);
  await heal();
  expect(behaviours.now).toEqual(byHand);
  behaviours.restore(null);
  expect(behaviours.now).toEqual(healthy);
});

describeWith(['netns', 'nft'], 'healing in a lab', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });
  const statuses = async (backend: BackendName): Promise<[string, string]> => {
    const { 4: ipv4, 6: ipv6 } = await see(lab, backend, { limitMs: 3_000 });
    return [ipv4.get, ipv6.get];
  };
  const connects = async (backend: BackendName): Promise<[string, string]> => {
    const { 4: ipv4, 6: ipv6 } = await see(lab, backend);
    return [ipv4.connect, ipv6.connect];
  };

  test('behave status=503, then error-status: healing gives 503 again, and restoring the behaviour gives 200', async () => {
    await lab.behave('backend-1', { status: 503 });
    expect(lab.misbehaving).toEqual([{ backend: 'backend-1', text: 'status=503' }]);
    const failing = await lab.apply('error-status', 'backend-1', { status: 500, retryAfterS: 7 });
    expect(await statuses('backend-1')).toEqual(['500', '500']);
    expect(await failing.heal()).toEqual({ seen: true, observed: 'cannot be seen before the behaviour status=503 is healed', isHidden: true });
    expect(await statuses('backend-1')).toEqual(['503', '503']);
    expect(lab.doubts).toEqual(['the healing of error-status backend-1 was never seen: the behaviour status=503 stayed in force']);
    expect(await lab.restoreBehaviour('backend-1')).toEqual({ seen: true, observed: 'IPv4 200, IPv6 200' });
    expect(await statuses('backend-1')).toEqual(['200', '200']);
    expect(lab.misbehaving).toEqual([]);
    expect(lab.doubts).toEqual([]);
  });

  test('the newest change counts: what is set by hand while a fault is in force stays when the fault heals', async () => {
    const failing = await lab.apply('error-status', 'backend-1', { status: 500 });
    await lab.behave('backend-1', { status: 418 });
    expect(await statuses('backend-1')).toEqual(['418', '418']);
    await failing.heal();
    expect(await statuses('backend-1')).toEqual(['418', '418']);
    await lab.restoreBehaviour('backend-1');
    expect(lab.doubts).toEqual([]);
  });

  test('a behaviour outlives its process, and can be set while there is none; while it is paused, it cannot', async () => {
    await lab.behave('backend-2', { status: 503 });
    const failing = await lab.apply('error-status', 'backend-2', { status: 500 });
    const killed = await lab.apply('kill', 'backend-2');
    expect(await lab.behave('backend-2', { retryAfterS: 3 })).toMatchObject({ status: 503, retryAfterS: 3 });
    await killed.heal();
    expect(await statuses('backend-2')).toEqual(['500', '500']);
    await failing.heal();
    expect(await statuses('backend-2')).toEqual(['503', '503']);
    const paused = await lab.apply('pause', 'backend-2');
    await expect(lab.behave('backend-2', { status: 200 })).rejects.toThrow('Could not change the behaviour of backend-2: its process is paused; heal `pause` first');
    expect(lab.misbehaving).toEqual([{ backend: 'backend-2', text: 'status=503 retryAfterS=3' }]);
    await paused.heal();
    await lab.restoreBehaviour('backend-2');
    expect(lab.doubts).toEqual([]);
  });

  test('an address that two faults have closed is open again when both are healed, in either order', async () => {
    for (const first of ['refuse', 'drain'] as const) {
      const refused = first === 'refuse' ? await lab.apply('refuse', 'backend-3', { family: 6 }) : undefined;
      const drained = await lab.apply('drain', 'backend-3');
      const applied = { refuse: refused ?? (await lab.apply('refuse', 'backend-3', { family: 6 })), drain: drained };
      expect(await connects('backend-3')).toEqual(['ECONNREFUSED', 'ECONNREFUSED']);
      await applied[first].heal();
      expect(await connects('backend-3')).toEqual([first === 'refuse' ? 'ECONNREFUSED' : 'connected', 'ECONNREFUSED']);
      await applied[first === 'refuse' ? 'drain' : 'refuse'].heal();
      expect(await connects('backend-3')).toEqual(['connected', 'connected']);
    }
    // What is refused already shows no drain. That is the only doubt.
    expect(lab.doubts).toEqual([expect.stringMatching(/^drain backend-3 showed no effect: .*IPv6 kept connection ECONNREFUSED/)]);
  });

  test('a moved server that was killed comes back where it was, and healing the move brings it home', async () => {
    const addressesThatAnswer = async (): Promise<string> => {
      const { spares, hosts } = lab.topology;
      const all = [hosts['backend-2'].ipv4, spares['backend-2'].ipv4];
      const outcomes = await Promise.all(all.map(async (address) => (await lab.probe.getAt(address, 8080, '/', 1_000)).outcome));
      return all.filter((_, index) => outcomes[index] === 'response').join();
    };
    const moved = await lab.apply('move', 'backend-2');
    const killed = await lab.apply('kill', 'backend-2');
    await killed.heal();
    expect(await addressesThatAnswer()).toBe(lab.topology.spares['backend-2'].ipv4);
    await moved.heal();
    expect(await addressesThatAnswer()).toBe(addressOf(lab.topology, 'backend-2', 4));
  });

  test('the drain time of one stop does not hold for the next one', async () => {
    await (await lab.apply('stop', 'backend-1', { drainMs: 0 })).heal();
    await lab.behave('backend-1', { delayMs: 500 });
    const asked = lab.timeline.now();
    const inFlight = see(lab, 'backend-1', { limitMs: 5_000 });
    await until(() => (lab.timeline.events.filter((event) => event.event === 'backend:request' && event.tMs > asked && event.from === lab.topology.hosts.client.ipv4).length === 1 ? true : undefined), 'the request');
    // This fault stops the server, too.
    const moved = await lab.apply('move', 'backend-1');
    expect((await inFlight)[4].get).toBe('200');
    await moved.heal();
    await lab.restoreBehaviour('backend-1');
  });

  // In a container, /proc/sys may be read-only. Then the host has the settings of a new namespace.
  const setOnHost = async (backend: BackendName, setting: string): Promise<void> => {
    expect(await lab.host(backend).run(['sh', '-c', `echo ${setting.replace('=', ' >/proc/sys/net/')}`])).toMatchObject({ exitCode: 0, stderr: '' });
  };
  const globalAddresses = async (backend: BackendName): Promise<string[]> => (await lab.host(backend).run(['ip', '-brief', 'address', 'show', 'scope', 'global'])).stdout.match(/[\da-f:.]+\/\d+/g) ?? [];

  test('vanish on a host that loses its IPv6 addresses with its link: healing puts each one back, and it answers', async () => {
    await setOnHost('backend-2', '0=ipv6/conf/all/keep_addr_on_down');
    // As `move` does: a host may have several.
    expect(await lab.host('backend-2').run(['ip', 'address', 'add', '2001:db8:1::62/64', 'dev', 'eth0', 'nodad'])).toMatchObject({ exitCode: 0 });
    const before = await globalAddresses('backend-2');
    expect(before).toHaveLength(3);
    const gone = await lab.apply('vanish', 'backend-2');
    // Without the setting the kernel takes the address away.
    expect(await globalAddresses('backend-2')).toEqual(before.filter((address) => !address.includes(':')));
    expect(await gone.heal()).toMatchObject({ seen: true });
    expect((await globalAddresses('backend-2')).sort()).toEqual(before.sort());
    expect(await statuses('backend-2')).toEqual(['200', '200']);
    // Tests before this one leave doubts about their own faults.
    expect(lab.doubts.filter((doubt) => doubt.includes('vanish'))).toEqual([]);
  });

  test.each(['unreachable', 'prohibited'])('%s on a host that limits its ICMP is refused, and nothing of it is left', async (name) => {
    await setOnHost('backend-3', '1000=ipv6/icmp/ratelimit');
    await expect(lab.apply(name, 'backend-3')).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringMatching(/^Could not put \w+ backend-3 in force: backend-3 sends ICMP only now and then \(net\.ipv6\.icmp\.ratelimit is not 0\)/) as string });
    expect(await connects('backend-3')).toEqual(['connected', 'connected']);
    const inOneFamily = await lab.apply(name, 'backend-3', { family: 4 });
    expect((await connects('backend-3'))[0]).toBe('EHOSTUNREACH');
    await inOneFamily.heal();
    await setOnHost('backend-3', '0=ipv6/icmp/ratelimit');
  });
});

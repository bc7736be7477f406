/** The faults of the server's process: what a client meets before, while in force, and after healing, in each family. */
import { describe, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith, driverWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { answers, atOnce, describeCases, refused, type Case } from '../testing/fault-cases.ts';
import { processFaults } from './process-faults.ts';

const hangs = { connect: 'connected', get: 'silent' };

const cases: Case[] = [
  { fault: 'stop', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'drain', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'drain', options: { idle: 'close' }, ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'kill', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'pause', ipv4: hangs, ipv6: hangs, also: atOnce },
  { fault: 'restart', ipv4: answers, ipv6: answers },
  { fault: 'restart', options: { how: 'kill', downMs: 50 }, ipv4: answers, ipv6: answers },
  { fault: 'hot-restart', ipv4: answers, ipv6: answers },
  { fault: 'move', ipv4: refused, ipv6: refused, also: atOnce },
  { fault: 'move', options: { dns: 'follow' }, ipv4: refused, ipv6: refused, also: atOnce },
];

test('every fault of the table has a case', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(processFaults)));
});

describeCases('process faults', ['netns'], cases);

describeWith(['netns', 'curl', 'dig'], 'the process and its addresses', () => {
  const at = (address: string): string[] => ['curl', '--silent', '--max-time', '2', `http://${address.includes(':') ? `[${address}]` : address}:8080/`];

  test('move: the new addresses answer, and no host has them after healing', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const client = lab.host('client');
    const { ipv4, ipv6 } = lab.topology.spares['backend-2'];
    const moved = await lab.apply('move', 'backend-2');
    for (const address of [ipv4, ipv6]) expect(await client.run(at(address))).toMatchObject({ exitCode: 0, stdout: `Hello, World from ${address}\n` });
    await moved.heal();
    for (const address of [ipv4, ipv6]) expect((await client.run(at(address))).exitCode, address).toBeGreaterThan(0);
    const { stdout } = await lab.host('backend-2').run(['ip', '-brief', 'address', 'show', 'dev', 'eth0']);
    expect(stdout).not.toContain(ipv4);
    expect(lab.doubts).toEqual([]);
  });

  describe('move and DNS', () => {
    const name = 'backend-2.lab.test';
    const answersTo = async (lab: Lab): Promise<string> => (await lab.host('client').run(['curl', '--silent', '--max-time', '2', `http://${name}:8080/`])).stdout.trim();
    const listed = async (lab: Lab, asked: string, type: string): Promise<string[]> =>
      (await lab.host('client').run(['dig', '+short', `@${lab.topology.hosts.dns.ipv4}`, asked, type])).stdout.trim().split('\n');

    test('stay: DNS lists the old address, and a new client is refused', async () => {
      await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
      await lab.apply('move', 'backend-2');
      expect(await listed(lab, name, 'A')).toEqual([lab.topology.hosts['backend-2'].ipv4]);
      expect(await answersTo(lab)).toBe('');
    });

    test('follow: DNS lists the new addresses under every name, and a new client is answered there; healing undoes it', async () => {
      await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
      await lab.dns.aaaa(true);
      await lab.dns.chain(['sort']);
      const { hosts, spares } = lab.topology;
      const web = (type: string): Promise<string[]> => listed(lab, 'web.lab.test', type);
      const before = [await web('A'), await web('AAAA')];
      const moved = await lab.apply('move', 'backend-2', { dns: 'follow' });
      expect(moved.observation.observed).toContain(`DNS lists ${spares['backend-2'].ipv4}`);
      expect([await listed(lab, name, 'A'), await listed(lab, name, 'AAAA')]).toEqual([[spares['backend-2'].ipv4], [spares['backend-2'].ipv6]]);
      expect(await web('A')).toEqual([hosts['backend-1'].ipv4, spares['backend-2'].ipv4, hosts['backend-3'].ipv4]);
      expect(await answersTo(lab)).toMatch(/^Hello, World from (198\.51\.100\.62|2001:db8:1::62)$/);
      // A DNS server that starts again has the same records.
      await (await lab.apply('kill', 'dns')).heal();
      expect(await listed(lab, name, 'A')).toEqual([spares['backend-2'].ipv4]);
      await moved.heal();
      expect([await web('A'), await web('AAAA')]).toEqual(before);
      expect(await answersTo(lab)).toMatch(/^Hello, World from (198\.51\.100\.12|2001:db8:1::12)$/);
      expect(lab.doubts).toEqual([]);
    });

    test('follow, while DNS is paused: the fault is not put in force, and the server is where it was', async () => {
      await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
      const paused = await lab.apply('pause', 'dns');
      await expect(lab.apply('move', 'backend-2', { dns: 'follow' })).rejects.toThrow('Could not put move backend-2 in force: DNS cannot be told the new addresses: its process is paused; heal `pause` first');
      await paused.heal();
      expect(await answersTo(lab)).toBe('Hello, World from 198.51.100.12');
      expect([lab.inForce, lab.doubts]).toEqual([[], []]);
    });

    /** A heal that fails is an error and no doubt, because the baseline of a backend says nothing of DNS. */
    test.each(['apply', 'heal'] as const)('a DNS server that does not follow is seen: %s', async (when) => {
      const deaf = { on: when === 'apply' };
      const driver = driverWith(netns, (host) => (host.name !== 'dns' ? {} : {
        start: async (argv, options) => {
          const real = await host.start(argv, options);
          return { ...real, send: (line) => { real.send(deaf.on ? JSON.stringify({ ...(JSON.parse(line) as object), command: 'ping' }) : line); } };
        },
      }));
      await using lab = await startLab({ driver, timeline: new Timeline(), seed: '1' });
      const moved = await lab.apply('move', 'backend-2', { dns: 'follow' });
      if (when === 'apply') expect(lab.doubts).toEqual([expect.stringMatching(/^move backend-2 showed no effect: .*DNS lists 198\.51\.100\.12/)]);
      else {
        deaf.on = true;
        await expect(moved.heal()).rejects.toThrow('DNS still lists 198.51.100.62 for backend-2.lab.test, expected 198.51.100.12');
        deaf.on = false;
        await moved.heal();
        expect(lab.doubts).toEqual([]);
      }
    });
  });

  test('restart: a new process runs', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const { pid } = lab.server('backend-2').remote.process;
    await lab.apply('restart', 'backend-2');
    expect(lab.server('backend-2').remote.process.pid).not.toBe(pid);
    expect(lab.doubts).toEqual([]);
  });

  test.each([[0, 'lost'], [2_000, 'answered']] as const)('stop: a request in flight, with %i ms to drain, is %s', async (drainMs, expected) => {
    const timeline = new Timeline();
    await using lab = await startLab({ driver: netns, timeline, seed: '1' });
    // The response takes long enough to be in flight when SIGTERM comes, even on a busy machine, and less time than the drain.
    await lab.behave('backend-3', { delayMs: 1_500 });
    const inFlight = lab.host('client').run([...at(lab.topology.hosts['backend-3'].ipv4), '--include']);
    await timeline.waitFor((event) => event.event === 'backend:request' && event.from === lab.topology.hosts.client.ipv4, 5_000);
    await lab.apply('stop', 'backend-3', { drainMs });
    const { stdout } = await inFlight;
    expect(/^HTTP.1.1 200/.test(stdout) ? 'answered' : 'lost').toBe(expected);
    if (expected === 'answered') expect(stdout).toMatch(/^connection: close/im);
  });
});

/** The faults of the server's process: what a client meets before, while in force, and after healing, in each family. */
import { expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab } from '../run/lab.ts';
import { describeWith } from '../testing/testing.ts';
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
];

test('every fault of the table has a case', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(processFaults)));
});

describeCases('process faults', ['netns'], cases);

describeWith(['netns', 'curl'], 'the process and its addresses', () => {
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

/** A hot restart in a real lab, judged by curl and ss, and what the lab reports when the old process keeps listening. */
import { expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith, driverWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { httpPort } from '../vocabulary/topology.ts';

const options = { drainMs: 200, shutdownMs: 60_000 };

/** The ids of the processes that answer new connections. */
async function answering(lab: Lab): Promise<string[]> {
  const { ipv4, ipv6 } = lab.topology.hosts['backend-1'];
  const urls = [ipv4, `[${ipv6}]`].flatMap((host) => Array<string>(10).fill(`http://${host}:${httpPort}/`));
  const { stdout } = await lab.host('client').run(['curl', '--silent', '--no-keepalive', '--header', 'connection: close', '--write-out', '%header{x-process}\n', ...urls.flatMap((url) => ['--output', '/dev/null', url])]);
  return [...new Set(stdout.trim().split('\n'))];
}

describeWith(['netns', 'curl', 'ss'], 'hot-restart', () => {
  test('new connections meet only the new process; the old process keeps its connections, and healing ends it', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const [before] = await answering(lab);
    const applied = await lab.apply('hot-restart', 'backend-1', options);
    expect(applied.observation.seen).toBe(true);
    expect((await lab.host('backend-1').run(['sh', '-c', `kill -0 ${before ?? ''}`])).exitCode).toBe(0);
    const after = await answering(lab);
    expect(after).toHaveLength(1);
    expect(after[0]).not.toBe(before);
    // The observer holds two connections, one in each family. Both belong to one process, the old one.
    const { stdout } = await lab.host('backend-1').run(['ss', '-Htnp', 'state', 'established', `sport = :${httpPort}`]);
    expect(new Set([...stdout.matchAll(/pid=(\d+)/g)].map(([, pid]) => pid)).size).toBe(1);
    await applied.heal();
    expect(await answering(lab)).toEqual(after);
    expect((await lab.host('backend-1').run(['sh', '-c', `kill -0 ${before ?? ''}`])).exitCode).not.toBe(0);
    expect(lab.doubts).toEqual([]);
  });

  test('the lab notices an old process that keeps listening', async () => {
    const deaf = driverWith(netns, (host) => ({
      start: async (argv, startOptions) => {
        const started = await host.start(argv, startOptions);
        return { ...started, send: (line: string) => { started.send(line.replace('"hand-over"', '"ping"')); } };
      },
    }));
    await using lab = await startLab({ driver: deaf, timeline: new Timeline(), seed: '1' });
    const { observation } = await lab.apply('hot-restart', 'backend-1', options);
    expect(observation.seen).toBe(false);
    expect(lab.doubts.join()).toMatch(/hot-restart backend-1 showed no effect/);
  });
});

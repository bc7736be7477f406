/** Faults that act by the behaviour of a backend, and do not heal because no command reaches the backend: the lab must notice. */
import { expect, test } from 'vitest';
import type { Host } from '../network/drivers/driver.ts';
import { netns } from '../network/drivers/netns.ts';
import { startLab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { isTarget, type TopologyChange } from '../vocabulary/topology.ts';
import { describeWith, driverWith } from './testing.ts';

/** While `deaf.on` is true, no command reaches a server's process: a `ping` is sent in its place. */
const deaf = { on: false };

function deafened(host: Host): Partial<Host> {
  if (!isTarget(host.name)) return {};
  return {
    start: async (argv, options) => {
      const real = await host.start(argv, options);
      return { ...real, send: (line) => { real.send(deaf.on ? JSON.stringify({ ...(JSON.parse(line) as object), command: 'ping' }) : line); } };
    },
  };
}

/** Describes that each of these faults is a doubt if it does not heal. */
export function describeUnhealed(title: string, names: readonly string[], topology: TopologyChange = {}): void {
  describeWith('netns', title, () => {
    test('is a doubt, for each fault', { timeout: 60_000 }, async () => {
      await using lab = await startLab({ driver: driverWith(netns, deafened), timeline: new Timeline(), seed: '1', topology });
      const { backends } = lab.topology;
      // One fault on each backend at a time, because the lab waits some seconds for each baseline.
      for (let at = 0; at < names.length; at += backends.length) {
        const some = names.slice(at, at + backends.length).map((name, index) => ({ name, backend: backends[index] ?? 'backend-1' }));
        const before = lab.doubts.length;
        const applied = await Promise.all(some.map(({ name, backend }) => lab.apply(name, backend)));
        expect(lab.doubts.slice(before), some.map(({ name }) => name).join(' ')).toEqual([]);
        deaf.on = true;
        await Promise.all(applied.map((each) => each.heal()));
        deaf.on = false;
        expect(lab.doubts).toHaveLength(before + some.length);
        for (const { name, backend } of some) expect(lab.doubts.slice(before)).toContainEqual(expect.stringMatching(`^${name} ${backend} did not heal: `));
        await Promise.all(some.map(({ name, backend }) => lab.server(backend).call('heal-behaviour', { fault: name })));
      }
    });
  });
}

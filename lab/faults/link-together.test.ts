/** Several link faults on one host: none of them disturbs another one, and all of them heal, also if the relay has ended. */
import { expect, test } from 'vitest';
import type { HostProcess } from '../network/drivers/driver.ts';
import { netns } from '../network/drivers/netns.ts';
import { startLab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { networkOf, see } from '../testing/client-sight.ts';
import { silent } from '../testing/fault-cases.ts';
import { ping, untilAllAnswered } from '../testing/ping-command.ts';
import { describeWith, driverWith } from '../testing/testing.ts';

describeWith(['netns', 'ping'], 'several link faults on one host', () => {
  test('packets that the first fault holds stay held when a second fault is put in force and when it heals', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '7' });
    // Both directions: the relay carries this delay out, as it does the second fault.
    const late = await lab.apply('delay', 'backend-1', { delayMs: 600, direction: 'both' });
    // A new echo leaves every 25 ms for 1.5 s, and is under way for 1.2 s. So some are under way at each change.
    const echoes = ping(lab, 'backend-1', 4, 60, 25, untilAllAnswered);
    const other = await lab.apply('slow-handshake', 'backend-1');
    await other.heal();
    const { rttsMs, lost } = await echoes;
    await late.heal();
    expect(lost).toEqual([]);
    // ping prints whole milliseconds here.
    expect(Math.min(...rttsMs)).toBeGreaterThanOrEqual(1_200);
    expect(lab.doubts).toEqual([]);
  });

  test('a relay that has ended is a doubt, and healing still brings the host back as it was', async () => {
    const relays: HostProcess[] = [];
    const driver = driverWith(netns, (host) => ({ start: async (argv, options) => {
      const started = await host.start(argv, options);
      if (argv.some((word) => word.includes('services/link/'))) relays.push(started);
      return started;
    } }));
    await using lab = await startLab({ driver, timeline: new Timeline(), seed: '1' });
    const before = await networkOf(lab, 'backend-1');
    const applied = [await lab.apply('loss', 'backend-1', { percent: 10 }), await lab.apply('reorder', 'backend-1')];
    await relays[0]?.signal('SIGKILL');
    await relays[0]?.exited;
    expect(await see(lab, 'backend-1')).toMatchObject({ 4: silent, 6: silent });
    for (const each of applied) expect((await each.heal()).seen).toBe(true);
    expect(await networkOf(lab, 'backend-1')).toBe(before);
    expect(lab.doubts).toEqual([expect.stringMatching(/^the link relay on backend-1 ended: SIGKILL/)]);
    expect(relays).toHaveLength(1);
  });
});

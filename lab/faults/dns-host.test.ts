/** Faults on the DNS server's host, seen with dig from the client's host: before, while in force, and after healing, in each family. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { addressOf, type Family } from '../vocabulary/topology.ts';

/** Sends one query and returns what dig reports: `answered`, `refused` or `silent`. */
async function dig(lab: Lab, family: Family, transport: 'udp' | 'tcp'): Promise<string> {
  const how = ['+tries=1', '+time=1', '+short', transport === 'tcp' ? '+tcp' : '+notcp'];
  const { exitCode, stdout } = await lab.host('client').run(['dig', ...how, `@${addressOf(lab.topology, 'dns', family)}`, 'web.lab.test', 'A']);
  if (exitCode === 0 && /^198\.51\.100\.1[123]$/m.test(stdout)) return 'answered';
  return /refused/.test(stdout) ? 'refused' : /timed out/.test(stdout) ? 'silent' : `${exitCode}: ${stdout}`;
}

describeWith(['netns', 'dig'], 'faults on the DNS server’s host', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const ways = [[4, 'udp'], [4, 'tcp'], [6, 'udp'], [6, 'tcp']] as const;
  const look = (): Promise<string[]> => Promise.all(ways.map(([family, transport]) => dig(lab, family, transport)));
  const all = (word: string): string[] => ways.map(() => word);

  test.for([
    ['noop', {}, all('answered')],
    ['kill', {}, all('refused')],
    ['stop', {}, all('refused')],
    ['pause', {}, all('silent')],
    ['vanish', {}, all('silent')],
    ['blackhole', {}, all('silent')],
    ['blackhole', { family: 4 }, ['silent', 'silent', 'answered', 'answered']],
    ['blackhole', { family: 6 }, ['answered', 'answered', 'silent', 'silent']],
  ] as const)('%s %j', async ([fault, options, expected]) => {
    expect(await look()).toEqual(all('answered'));
    const applied = await lab.apply(fault, 'dns', options);
    expect(await look()).toEqual(expected);
    await applied.heal();
    expect(await look()).toEqual(all('answered'));
    expect(lab.doubts).toEqual([]);
  });
});

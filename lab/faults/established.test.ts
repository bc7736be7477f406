/** What each fault does to a connection that was there before. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../drivers/netns.ts';
import type { HostProcess } from '../drivers/driver.ts';
import { startLab, type Lab } from '../lab.ts';
import { describeWith, until } from '../testing.ts';
import { Timeline } from '../timeline.ts';
import { addressOf } from '../topology.ts';
import { silenceMs } from './testing.ts';

/** Holds one connection; each line it reads is a GET, and each GET ends as \`answered\`, \`stalled\` or \`closed\`. */
const holder = `
const [host, limitMs] = process.argv.slice(1);
const socket = require('net').connect({ host, port: 8080 }, () => console.log('connected'));
let onAnswer = () => {};
socket.on('data', (data) => { if (String(data).includes('Hello')) onAnswer('answered'); });
socket.on('close', () => onAnswer('closed')).on('error', () => {});
require('readline').createInterface({ input: process.stdin }).on('line', () => {
  if (socket.destroyed) { console.log('closed'); return; }
  const timer = setTimeout(() => onAnswer('stalled'), Number(limitMs));
  onAnswer = (outcome) => { clearTimeout(timer); onAnswer = () => {}; console.log(outcome); };
  socket.write('GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n');
});`;

describeWith('netns', 'an established connection', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test.for([
    ['blackhole', 'stalled'],
    ['unreachable', 'stalled'],
    ['vanish', 'stalled'],
    ['pause', 'stalled'],
    ['refuse', 'answered'],
    ['noop', 'answered'],
    ['kill', 'closed'],
    ['stop', 'closed'],
  ] as const)('under %s is %s', async ([fault, outcome]) => {
    const backend = 'backend-2';
    const holders = await Promise.all(
      ([4, 6] as const).map(async (family) => {
        const held = await lab.host('client').start([process.execPath, '--eval', holder, addressOf(lab.topology, backend, family), String(silenceMs)]);
        return { held, lines: collectLines(held) };
      }),
    );
    const said = (count: number): Promise<string[][]> =>
      until(() => (holders.every(({ lines }) => lines.length >= count) ? holders.map(({ lines }) => lines) : undefined), `${count} lines of each connection`);
    const ask = (): void => { for (const { held } of holders) held.send('get'); };
    await said(1);
    ask();
    expect(await said(2)).toEqual([['connected', 'answered'], ['connected', 'answered']]);
    const applied = await lab.apply(fault, backend);
    ask();
    expect((await said(3)).map((lines) => lines[2])).toEqual([outcome, outcome]);
    await applied.heal();
    for (const { held } of holders) await held.signal('SIGKILL');
    expect(lab.doubts).toEqual([]);
  });
});

function collectLines(held: HostProcess): string[] {
  const lines: string[] = [];
  held.onLine((line) => lines.push(line));
  return lines;
}

/** What the workshop costs the lab: the fallback delay of our client as the packets have it, without the page, and with ten browsers that listen and a history of 20,000 events. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findingsOf } from '../lab/analysis/findings.ts';
import { median } from '../lab/analysis/median.ts';
import { HandClient } from '../lab/cli/hand-client.ts';
import { handHandlers } from '../lab/cli/hand-control.ts';
import { openWorkshop } from '../lab/cli/open-workshop.ts';
import { pageParts } from '../lab/report/page-parts.ts';
import { startLab } from '../lab/run/lab.ts';
import { Timeline } from '../lab/run/timeline.ts';
import { workshopPage } from '../lab/workshop/page-html.ts';
import { usable } from './drivers.ts';
import { rounded } from './measure.ts';

const watchers = 10;
const history = 20_000;
const requests = 30;

export async function workshop(): Promise<object> {
  process.stderr.write('workshop\n');
  const driver = await usable('netns');
  const timeline = new Timeline();
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  await using lab = await startLab({ driver, timeline, seed: '1' });
  await lab.startCapture();
  timeline.start();
  let onClient = (): void => undefined;
  const client = new HandClient(lab, () => { onClient(); });
  await client.start('node-fetch', { keepAlive: 'off' });
  await lab.dns.aaaa(true);
  for (const backend of lab.topology.backends) await lab.apply('blackhole', backend, { family: 6 });

  /** The fallback delay of each request, in ms: from its first SYN to its first IPv4 SYN. */
  const delaysMs = async (): Promise<number[]> => {
    const from = timeline.now();
    for (let count = 0; count < requests; count++) await client.ask('GET');
    await lab.settle();
    const { attempts } = findingsOf(timeline.events.filter(({ tMs }) => tMs >= from), lab.topology);
    return [...Map.groupBy(attempts, ({ request }) => request).values()].flatMap((own) => {
      const [first, other] = [own[0], own.find(({ family }) => family === 4)];
      return first && other && first !== other ? [other.startMs - first.startMs] : [];
    });
  };
  const figures = (ms: number[]): object => ({ requests: ms.length, medianMs: rounded(median(ms) ?? NaN, 2), leastMs: rounded(Math.min(...ms), 2), mostMs: rounded(Math.max(...ms), 2) });

  const without = await delaysMs();
  const opened = await openWorkshop(
    { lab, timeline, client, commands: handHandlers(lab, client, () => undefined), write: () => Promise.resolve({ directory: folder, line: '' }) },
    { page: workshopPage(pageParts('workshop')), lessons: { driver: driver.name, seed: '1', results: folder }, port: 0 },
  );
  onClient = opened.onClient;
  for (let count = 0; count < history; count++) timeline.add('client', 'lab:note', { text: `event ${count} of a long history` });
  // Other processes read, as browsers would. Each one has entered by a cookie of its own.
  const invited = await Promise.all(Array.from({ length: watchers }, () => enter(opened.server.invite())));
  const readers = invited.map(({ origin, cookie }) => spawn(process.execPath, ['--eval', "fetch(process.argv[1] + '/stream', { headers: { cookie: process.argv[2] } }).then(async ({ body }) => { for await (const piece of body) void piece; });", origin, cookie], { stdio: 'ignore' }));
  while (opened.server.stream.watchers < watchers) await new Promise((resolve) => { setTimeout(resolve, 20); });
  const withPage = await delaysMs();
  for (const reader of readers) reader.kill();
  await opened[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  return { watchers, history, without: figures(without), withPage: figures(withPage), differenceMs: rounded((median(withPage) ?? NaN) - (median(without) ?? NaN), 2) };
}

async function enter(link: string): Promise<{ origin: string; cookie: string }> {
  const response = await fetch(link, { redirect: 'manual' });
  return { origin: new URL(link).origin, cookie: (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '' };
}

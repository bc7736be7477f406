/** The page of the workshop in Chromium, over a lab of its own, for tests. What the page does is asked of the lab. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { vi } from 'vitest';
import { HandClient } from '../cli/hand-client.ts';
import { handRun } from '../cli/hand-run.ts';
import { openWorkshop, type OpenWorkshop } from '../cli/open-workshop.ts';
import type { Driver } from '../network/drivers/driver.ts';
import { writeRunFiles } from '../report/run-files.ts';
import { pageParts } from '../report/page-parts.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { workshopPage } from '../workshop/page-html.ts';
import { startChromium } from './browser.ts';
import { until } from './testing.ts';

/** The answer of the server to a command. */
export interface Answer {
  status: number;
  result?: string;
  error?: string;
}

export interface TestWorkshop extends AsyncDisposable {
  lab: Lab;
  client: HandClient;
  opened: OpenWorkshop;
  browser: Browser;
  context: BrowserContext;
  /** The page of the leader. */
  leader: Page;
  /** Errors of that page, and what its console says. */
  troubles: string[];
  /** The lines for a terminal on that page, when it shows all of them: a line comes by the stream, which may be later than the answer to its command. */
  allLines(): Promise<string[]>;
  /** The folder of the results. */
  folder: string;
}

/** Its socket is in a folder of its own: `bin/lab` in another process finds the lab by the environment. */
export async function startTestWorkshop(driver: Driver, listen?: string): Promise<TestWorkshop> {
  const folder = mkdtempSync(join(tmpdir(), 'workshop-'));
  vi.stubEnv('TMPDIR', folder);
  vi.stubEnv('XDG_RUNTIME_DIR', undefined);
  // It reads the environment when it is loaded.
  const { handHandlers, openHandControl } = await import('../cli/hand-control.ts');
  const timeline = new Timeline({ historyLimit: 20_000 });
  const startedAt = new Date();
  const control = await openHandControl();
  const [lab, browser] = await Promise.all([startLab({ driver, timeline, seed: '1' }), startChromium(['--host-resolver-rules=MAP rebound.test 127.0.0.1'])]);
  await lab.startCapture();
  let onClient = (): void => undefined;
  const client = new HandClient(lab, () => { onClient(); });
  const commands = handHandlers(lab, client, () => undefined);
  control.serve(commands);
  const write = async () => ({ directory: await writeRunFiles(handRun({ lab, client, seed: '1', startedAt, change: {} }), folder), line: '' });
  const opened = await openWorkshop({ lab, timeline, client, commands, write }, { page: workshopPage(pageParts('workshop')), lessons: { driver: driver.name, seed: '1', results: folder }, port: 0, ...(listen !== undefined && { listen }) });
  onClient = opened.onClient;
  const add = vi.spyOn(opened.server.stream, 'add');
  timeline.start();
  const troubles: string[] = [];
  const context = await browser.newContext({ viewport: { width: 1_300, height: 1_000 }, reducedMotion: 'reduce' });
  const leader = await context.newPage();
  leader.on('pageerror', ({ message }) => troubles.push(message));
  // The browser tells of each answer that refuses a command, and of each connection that ends.
  leader.on('console', (message) => { if (!/status of 400|net::ERR/.test(message.text())) troubles.push(message.text()); });
  await leader.goto(opened.server.link);
  await leader.getByText('this one leads').waitFor();
  return {
    lab, client, opened, browser, context, leader, troubles, folder,
    allLines: () => until(async () => {
      const lines = await linesOf(leader);
      return lines.length === add.mock.calls.filter(([record]) => 'said' in record).length ? lines : undefined;
    }, 'all lines on the page'),
    [Symbol.asyncDispose]: async () => {
      await browser.close();
      await opened[Symbol.asyncDispose]();
      await control[Symbol.asyncDispose]();
      await lab[Symbol.asyncDispose]();
      vi.unstubAllEnvs();
      rmSync(folder, { recursive: true });
    },
  };
}

/** Gives a command as the page does. */
export async function send(page: Page, verb: string, args: object): Promise<Answer> {
  return await page.evaluate(async ({ verb, args }) => {
    const response = await fetch('/act', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ verb, args }) });
    return { status: response.status, ...((await response.json()) as object) };
  }, { verb, args });
}

/** The lines for a terminal that a page shows. */
export async function linesOf(page: Page): Promise<string[]> {
  return await page.locator('.lines code').allTextContents();
}

/** Gives a command as the page of the leader does, and waits until the page shows its line, also that of a command that was refused. */
export async function act(on: TestWorkshop, verb: string, args: object): Promise<Answer> {
  const answer = await send(on.leader, verb, args);
  await on.allLines();
  return answer;
}

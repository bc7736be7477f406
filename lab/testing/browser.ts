/** Pages in Debian's Chromium, for tests: each one is a file on disk, as a user opens it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import axe, { type AxeResults } from 'axe-core';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';
import { onTestFinished } from 'vitest';

/** Chromium's own sandbox does not work for root, and background networking would look for updates. */
export async function startChromium(more: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', ...more] });
}

/** A page that is open, and what it did that it should not do. */
export interface Opened {
  page: Page;
  /** Errors, messages on the console, violations of its policy, and every request but that for the file itself. */
  troubles: string[];
}

export interface OpenOptions extends BrowserContextOptions {
  width?: number;
  height?: number;
  /** The part of the address after `#`. */
  hash?: string;
  /** The page is open when there is an element of this selector. */
  ready?: string;
}

/** Writes `html` into a file and opens it. Closed and removed when the test ends. */
export async function openFile(browser: Browser, html: string, { hash = '', width = 1_280, height = 900, ready = '#picture svg .lane', ...options }: OpenOptions = {}): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'page-'));
  writeFileSync(join(folder, 'timeline.html'), html);
  const context = await browser.newContext({ viewport: { width, height }, reducedMotion: 'reduce', ...options });
  onTestFinished(async () => {
    await context.close();
    rmSync(folder, { recursive: true });
  });
  const page = await context.newPage();
  const troubles: string[] = [];
  const url = `file://${folder}/timeline.html`;
  page.on('pageerror', ({ message }) => troubles.push(`error: ${message}`));
  page.on('console', (message) => troubles.push(`console: ${message.text()}`));
  page.on('dialog', (dialog) => { troubles.push(`dialog: ${dialog.message()}`); void dialog.dismiss(); });
  page.on('request', (request) => { if (request.url().split('#')[0] !== url) troubles.push(`request: ${request.url()}`); });
  await page.goto(hash === '' ? url : `${url}#${hash}`);
  await page.locator(ready).first().waitFor();
  return { page, troubles };
}

/** The part of the axis that is visible, as the strip under the lanes shows it. */
export async function visiblePart(page: Page): Promise<{ left: number; width: number }> {
  const [whole, shown] = await Promise.all(['.lane', '.window'].map((name) => page.locator(`#picture svg ${name}`).last().boundingBox()));
  const rounded = (value: number): number => Math.round(value * 1e4) / 1e4;
  return { left: rounded(((shown?.x ?? NaN) - (whole?.x ?? NaN)) / (whole?.width ?? NaN)), width: rounded((shown?.width ?? NaN) / (whole?.width ?? NaN)) };
}

/** Waits until the picture has been drawn again. */
export async function drawn(page: Page): Promise<void> {
  await page.evaluate('new Promise((resolve) => { requestAnimationFrame(() => { requestAnimationFrame(resolve); }); })');
}

/** Presses keys, one after the other, and waits for each one's picture. */
export async function press(page: Page, ...keys: string[]): Promise<void> {
  for (const key of keys) {
    await page.keyboard.press(key);
    await drawn(page);
  }
}

/** What axe finds: each rule that is broken, and where. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const result = await page.evaluate<AxeResults>('axe.run()');
  return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`);
}

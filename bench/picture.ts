/** The picture of a run: what it takes to write the page, and the script of each frame while a reader zooms in it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median } from '../lab/analysis/median.ts';
import { readRunFolder } from '../lab/report/read-run.ts';
import { timelinePage } from '../lab/report/timeline-page.ts';
import { LabError, messageOf } from '../lab/vocabulary/errors.ts';
import { nowMs } from '../lab/vocabulary/events.ts';
import { longRun } from './long-run.ts';
import { rounded, runs, spreadOf } from './measure.ts';

const eventCount = 20_000;
/** A frame has so much time at 60 frames a second. */
const frameMs = 1_000 / 60;

/** @throws {LabError} MISSING_TOOL without Chromium. */
export async function picture(): Promise<object> {
  const small = readRunFolder('docs/pictures/all-down', () => null);
  const large = longRun(small, eventCount);
  const writeMs = (run: typeof small): number => {
    const startMs = nowMs();
    timelinePage(run);
    return nowMs() - startMs;
  };
  const html = timelinePage(large);
  return {
    writePage: spreadOf(Array.from({ length: runs }, () => writeMs(small))),
    pageKb: rounded(timelinePage(small).length / 1_000),
    writePageOf20000: spreadOf(Array.from({ length: Math.ceil(runs / 3) }, () => writeMs(large))),
    pageOf20000Kb: rounded(html.length / 1_000),
    zoomIn20000: await framesWhileZooming(html),
  };
}

interface TraceEvent {
  name: string;
  ph: string;
  tid: number;
  /** CPU time of the thread, in µs: this machine may do something else meanwhile. */
  tdur?: number;
}

/** Chromium's own tracing measures: FireAnimationFrame is the script of one frame. */
async function framesWhileZooming(html: string): Promise<object> {
  const { chromium } = await import('playwright-core');
  const folder = mkdtempSync(join(tmpdir(), 'bench-picture-'));
  process.stderr.write('picture: zooming in Chromium\n');
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking'] }).catch((error: unknown) => {
    throw new LabError('MISSING_TOOL', `Chromium did not start: ${messageOf(error)}. On Debian: apt-get install chromium.`);
  });
  try {
    writeFileSync(join(folder, 'timeline.html'), html);
    const page = await browser.newPage({ viewport: { width: 1_280, height: 900 } });
    await page.goto(`file://${folder}/timeline.html`);
    await page.locator('#picture svg .lane').first().waitFor();
    await browser.startTracing(page, { categories: ['devtools.timeline'] });
    for (const key of ['KeyW', 'KeyW', 'KeyW', 'KeyA', 'KeyW', 'KeyW', 'KeyD', 'KeyW', 'KeyS', 'KeyS', 'KeyL', 'KeyW', 'KeyW', 'KeyW', 'KeyS', 'Digit0']) {
      await page.keyboard.press(key);
      // As long as one zoom takes (lab/picture/page/timeline.ts).
      await page.waitForTimeout(180);
    }
    const trace = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: TraceEvent[] };
    const frames = trace.traceEvents.filter(({ name, ph }) => name === 'FireAnimationFrame' && ph === 'X').map(({ tdur = NaN }) => tdur / 1_000).sort((one, other) => one - other);
    return {
      frames: frames.length,
      scriptMedianMs: rounded(median(frames)),
      scriptP95Ms: rounded(frames[Math.floor(frames.length * 0.95)] ?? null),
      scriptMaxMs: rounded(frames.at(-1) ?? null),
      framesOverBudget: frames.filter((ms) => ms > frameMs).length,
      elements: await page.locator('#picture svg *').count(),
    };
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
}

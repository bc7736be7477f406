/** `lab matrix` as a process: two clients, two failures, the files and the pages, and the messages for bad input. And docs/matrix.md as a forge shows it. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { copyFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { marked } from 'marked';
import { expect, onTestFinished, test } from 'vitest';
import type { Matrix } from '../lab/report/matrix/matrix.ts';
import { startChromium } from '../lab/testing/browser.ts';
import { brokenLinks, linksOf } from '../lab/testing/site-links.ts';
import { describeWith } from '../lab/testing/testing.ts';

const lab = join(import.meta.dirname, '../bin/lab');
const run = promisify(execFile);

async function inFreshFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'failover-lab-matrix-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describeWith(['netns', 'curl'], 'lab matrix', () => {
  test('measures each client against each failure, and every cell of the page opens the timeline of a run; lab site takes them along', { timeout: 60_000 }, async () => {
    await inFreshFolder(async (folder) => {
      const { stdout } = await run(lab, ['matrix', '--driver', 'netns', '--clients', 'node-fetch,curl', '--failures', 'first-refused server-stopped', '--repeat', '2', '--write', 'page.md'], { cwd: folder });
      expect(stdout).toMatch(/Connecting +first address refused\nnode-fetch +\d/);
      const matrix = JSON.parse(await readFile(join(folder, 'results/matrix.json'), 'utf8')) as Matrix;
      expect(matrix.cells).toHaveLength(4);
      for (const { outcomes, unknown, readings } of matrix.cells) {
        expect(outcomes).toMatchObject([{ outcome: 'answered', count: 2 }]);
        expect(unknown).toBe(0);
        for (const { directory, delayMs } of readings) {
          expect(delayMs).toBeGreaterThanOrEqual(0);
          const journal = JSON.parse(await readFile(join(folder, 'results', directory, 'journal.json'), 'utf8')) as { verdict: string };
          expect(journal.verdict).toBe('pass');
        }
      }
      const page = await readFile(join(folder, 'page.md'), 'utf8');
      expect(page).toContain("make matrix clients='node-fetch,curl' failures='first-refused server-stopped' repeat=2");
      expect(page).toMatch(/\*\*What becomes of the next request after the server of an idle connection was stopped\?\*\*\n\n- answered \(dialled\): both clients\n/);
      const links = linksOf(join(folder, 'results')).flatMap(({ page: of, href }) => (of === 'matrix.html' ? [href] : []));
      expect(links.sort()).toEqual(matrix.cells.map(({ outcomes: [first] }) => `${first?.directory ?? ''}/timeline.html`).sort());
      expect(brokenLinks(join(folder, 'results'))).toEqual([]);

      // The same pages without a measurement.
      const written = await readFile(join(folder, 'results/matrix.html'), 'utf8');
      await copyFile(join(folder, 'results/matrix.json'), join(folder, 'results/other.json'));
      await rm(join(folder, 'results/matrix.html'));
      const again = await run(lab, ['matrix', '--from', 'results/other.json', '--write', 'again.md'], { cwd: folder });
      expect(stdout).toContain(again.stdout.split('\n      again.md')[0]);
      expect(await readFile(join(folder, 'again.md'), 'utf8')).toBe(page);
      // Nothing has changed since itself, so the page says nothing about changes.
      await run(lab, ['matrix', '--from', 'results/other.json', '--write', 'again.md'], { cwd: folder });
      expect(await readFile(join(folder, 'again.md'), 'utf8')).toBe(page);
      // The command of a run waits as long as the matrix did.
      const [{ readings: [reading] } = expect.fail()] = matrix.cells;
      expect(JSON.parse(await readFile(join(folder, 'results', reading?.directory ?? '', 'journal.json'), 'utf8'))).toMatchObject({ command: expect.stringMatching(/ run first-refused --client node-fetch --seed 1 --patience 330$/) as string });
      expect(await readFile(join(folder, 'results/matrix.html'), 'utf8')).toBe(written);

      const site = await run(lab, ['site'], { cwd: folder });
      expect(site.stdout).toMatch(/^4 timelines of the matrix, \d+ scenarios \(0 with a run\), \d+ lessons\n {6}results\/site\/index\.html\n$/);
      expect(brokenLinks(join(folder, 'results/site'))).toEqual([]);
    });
  });

  test.each([
    [['--clients', 'netscape'], /Unknown client `netscape`/],
    [['--failures', 'first-lost'], /Unknown failure `first-lost`.*first-refused/s],
    [['--repeat', '0'], /Expected `--repeat` to be a whole number from 1 to 1000, got `0`/],
    [['--write', 'no/where.md'], /^lab: The page cannot be written to no\/where\.md: there is no folder \S+\.\n$/],
    [['--from', 'nowhere.json'], /^lab: There is no matrix: expected the file `nowhere\.json`, .*To measure one: make matrix\n$/],
    [['--from', 'nowhere.json', '--repeat', '2'], /option '--from <file>' cannot be used with option '--repeat <n>'/],
  ])('%s: ends with one clear message and exit status 3', async (flags, message) => {
    await inFreshFolder(async (folder) => {
      const outcome = await run(lab, ['matrix', ...flags], { cwd: folder }).catch((error: unknown) => error as { code: number; stderr: string });
      expect(outcome).toMatchObject({ code: 3, stderr: expect.stringMatching(message) as string });
    });
  });
});

test('lab site without a matrix: one message, exit status 3, and nothing is written', async () => {
  await inFreshFolder(async (folder) => {
    const outcome = await run(lab, ['site', '--out', 'public'], { cwd: folder }).catch((error: unknown) => error as { code: number; stdout: string; stderr: string });
    expect(outcome).toMatchObject({ code: 3, stdout: '', stderr: 'lab: There is no matrix: expected the file `results/matrix.json`, which `lab matrix` writes. To measure one: make matrix\n' });
    expect(await readdir(folder)).toEqual([]);
  });
});

const document = readFileSync(join(import.meta.dirname, 'matrix.md'), 'utf8');

test('docs/matrix.md has a summary on top, and links to no file of a run', () => {
  expect(document.indexOf('\n## In short\n')).toBeGreaterThan(0);
  expect(document.indexOf('\n## In short\n')).toBeLessThan(document.indexOf('\n| client |'));
  expect(document).not.toContain('results/matrix-');
  expect([...document.matchAll(/\]\(/g)]).toEqual([]);
  expect([...document.matchAll(/^\*\*Which .*\?\*\*$/gm)].length).toBeGreaterThan(5);
});

/** What a forge gives to a document, and how it draws a table: a table that is wider scrolls. */
const forgePx = 880;
const forgeStyle = `body { margin: 0; width: ${forgePx}px; font: 16px/1.5 'DejaVu Sans', sans-serif } table { display: block; width: max-content; max-width: 100%; overflow: auto; border-collapse: collapse } th, td { padding: 6px 13px; border: 1px solid } code { padding: 0.2em 0.4em; font-size: 85% }`;

describeWith('chromium', 'docs/matrix.md on a forge', () => {
  test('no table is so wide that its last columns are cut off', async () => {
    const browser = await startChromium();
    onTestFinished(async () => { await browser.close(); });
    const page = await browser.newPage();
    const widest = async (markdown: string): Promise<number> => {
      await page.setContent(`<style>${forgeStyle}</style>${await marked.parse(markdown)}`);
      return await page.evaluate('Math.max(...[...document.querySelectorAll("table")].map((table) => table.scrollWidth))');
    };
    expect(await widest(document)).toBeLessThanOrEqual(forgePx);
    // A table with one more failure of this width would not fit, and this test would see it.
    const wide = ['client', 'a', 'b', 'c', 'd'];
    expect(await widest([wide, wide.map(() => '---'), ['python-requests', ...Array.from({ length: 4 }, () => 'UND_ERR_CONNECT_TIMEOUT, 10.49 s')]].map((row) => `| ${row.join(' | ')} |`).join('\n'))).toBeGreaterThan(forgePx);
  });
});

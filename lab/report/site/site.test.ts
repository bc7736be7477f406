/** The static site, built from recorded runs: every link has its target, and a site that cannot be built leaves nothing behind. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { cellOf, lacking } from '../../analysis/cells.ts';
import { localRuntime } from '../../network/programs.ts';
import { startChromium, violations } from '../../testing/browser.ts';
import { madeUpMatrix } from '../../testing/made-up-matrix.ts';
import { recordedRun } from '../../testing/pictured-runs.ts';
import { brokenLinks, linksOf } from '../../testing/site-links.ts';
import { describeWith } from '../../testing/testing.ts';
import { timelinePage } from '../timeline-page.ts';
import { buildSite, type SiteSources } from './site.ts';

const about = (name: string) => ({ title: `question of ${name}?`, teaches: 'teaches', predict: 'predict <this>', explains: 'explains', sources: ['RFC 8305 section 5'] });
const scenarios = [{ title: 'All scenarios', scenarios: { 'ipv6-blackhole': about('ipv6-blackhole'), 'all-down': about('all-down') } }, { title: 'Failures of the matrix', scenarios: { 'closed-post': about('closed-post') } }];
const recorded = join(localRuntime.root, 'lab/testing/runs/ipv6-blackhole');

const lessons = {
  '01-nobody-is-there.md': `# 1 \`Nobody\` is there

See [all-down](../scenarios.md#all-down), [all](../scenarios.md#all-scenarios), [the matrix](../matrix.md), [the next](02-second.md#look-for), [its end](#its-end), [clients](../clients.md), [code](../../README.md), [an RFC](https://www.rfc-editor.org/rfc/rfc8305).

| option | what |
| --- | --- |
| a) | <b>a timeout</b> |

![a picture](../picture.svg) ![no picture](../none.svg) ![not of the documents](../../secret.svg)

## Its end

<details><summary>why</summary>because</details>

<script>window.isHacked = true</script> <img src=x onerror="window.isHacked = true">

[bad](javascript:alert(1)) [worse](//example.com/) ![spy](https://example.com/spy.png)
`,
  '02-second.md': '# 2 Second\n\n<details>\n<summary>After the run</summary>\n\n## Look for\n\ntext\n\n## Look for\n\nmore\n\n<details open onclick="x">\n\n</details>\n',
  'README.md': '# Not a lesson\n',
};

/** A folder with a matrix, the runs of its cells, a run of a scenario, and lessons. `lost` loses a run of the matrix. */
function sourcesIn({ hasLessons = true }: { hasLessons?: boolean } = {}): SiteSources {
  const folder = mkdtempSync(join(tmpdir(), 'site-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  const results = join(folder, 'results');
  const matrix = madeUpMatrix();
  // A client that cannot meet a failure made no run, so no run of it is lost.
  matrix.cells.push(cellOf('java', '21', 'closed-post', [{ outcome: lacking.tls, delayMs: null, remark: null, directory: '', trouble: null }]));
  const page = timelinePage(recordedRun('ipv6-blackhole'));
  const keep = (directory: string): void => {
    cpSync(recorded, join(results, directory), { recursive: true });
    writeFileSync(join(results, directory, 'wire.pcapng'), '');
    writeFileSync(join(results, directory, 'timeline.html'), page);
  };
  for (const { readings } of matrix.cells) for (const { directory } of readings) if (directory !== '') keep(directory);
  keep('ipv6-blackhole/2026-01-30T12-00-00.000Z');
  keep('ipv6-blackhole/2026-01-31T12-00-00.000Z');
  writeFileSync(join(results, 'matrix.json'), JSON.stringify(matrix));
  const lessonsFolder = join(folder, 'docs/lessons');
  if (hasLessons) {
    mkdirSync(lessonsFolder, { recursive: true });
    for (const [name, text] of Object.entries(lessons)) writeFileSync(join(lessonsFolder, name), text);
    writeFileSync(join(folder, 'docs/picture.svg'), '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"/>');
    writeFileSync(join(folder, 'secret.svg'), '<svg/>');
  }
  return { results, scenarios, lessonsFolder, out: join(folder, 'public'), signal: new AbortController().signal };
}

const hrefs = (out: string, page: string): string[] => linksOf(out).flatMap((link) => (link.page === page ? [link.href] : []));

test('every link of every page is relative or one to the web, and has its target', async () => {
  const sources = sourcesIn();
  const { out } = sources;
  expect(await buildSite(sources)).toEqual({ timelines: 18, missing: 0, scenarios: 3, scenariosWithRun: 1, lessons: 2 });
  expect(brokenLinks(out)).toEqual([]);
  expect(hrefs(out, 'matrix.html').filter((href) => href.startsWith('runs/'))).toHaveLength(19);
  expect(hrefs(out, 'matrix.html')).toContain('scenarios.html#closed-post');
  // The newest run of the scenario, with the files that its page links to.
  expect(hrefs(out, 'scenarios.html').filter((href) => href.startsWith('runs/'))).toEqual(['runs/ipv6-blackhole/2026-01-31T12-00-00.000Z/timeline.html']);
  expect(readdirSync(join(out, 'runs/ipv6-blackhole/2026-01-31T12-00-00.000Z')).sort()).toEqual(['events.ndjson', 'journal.json', 'timeline.html', 'wire.pcapng']);
  expect(hrefs(out, 'index.html').filter((href) => href.includes('lessons/'))).toEqual(['lessons/01-nobody-is-there.html', 'lessons/02-second.html']);
  // A target that is taken away is found: the walk above can fail.
  rmSync(join(out, 'scenarios.html'));
  writeFileSync(join(out, 'lessons/02-second.html'), '');
  expect(brokenLinks(out)).toEqual(expect.arrayContaining(['index.html → scenarios.html: no such file', 'lessons/01-nobody-is-there.html → 02-second.html#look-for: no such place in the page']));
});

test('a lesson links to what the site has, everything else is text, and HTML in it stays text', async () => {
  const sources = sourcesIn();
  await buildSite(sources);
  const page = readFileSync(join(sources.out, 'lessons/01-nobody-is-there.html'), 'utf8');
  expect(hrefs(sources.out, 'lessons/01-nobody-is-there.html').map((href) => href.slice(0, 40)).slice(4)).toEqual([
    '../scenarios.html#all-down', '../scenarios.html', '../matrix.html', '02-second.html#look-for', '#its-end', 'https://www.rfc-editor.org/rfc/rfc8305', 'data:image/svg+xml;base64,PHN2ZyB4bWxucz', '../lessons/02-second.html',
  ]);
  expect(page).toContain('<title>1 Nobody is there</title>');
  expect(page).toContain('clients, code, ');
  expect(page).toContain('&#60;script&#62;window.isHacked = true&#60;/script&#62;');
  expect(page).toContain('&#60;details&#62;');
  expect(page).not.toContain('<script');
  expect(page).not.toContain('onerror="');
  const second = readFileSync(join(sources.out, 'lessons/02-second.html'), 'utf8');
  expect(second).toMatch(/id="look-for"[^]*id="look-for-1"/);
  // What a lesson folds is folded here, too. No other HTML is let through.
  expect(second).toMatch(/<details>\s*<summary>After the run<\/summary>[^]*<\/details>/);
  expect(second).not.toContain('onclick="');
});

test('without lessons, no page speaks of them', async () => {
  const sources = sourcesIn({ hasLessons: false });
  expect(await buildSite(sources)).toMatchObject({ lessons: 0 });
  expect(brokenLinks(sources.out)).toEqual([]);
  expect(readFileSync(join(sources.out, 'index.html'), 'utf8')).not.toMatch(/lesson/i);
});

test('a run whose files are gone is no link, and the number of them is told', async () => {
  const sources = sourcesIn();
  const { out, results } = sources;
  const [kept, lost] = readdirSync(join(results, 'matrix-closed-post')).map((stamp) => `matrix-closed-post/${stamp}`);
  rmSync(join(results, kept ?? '', 'wire.pcapng'));
  rmSync(join(results, lost ?? ''), { recursive: true });
  expect(await buildSite(sources)).toMatchObject({ timelines: 16, missing: 2 });
  expect(brokenLinks(out)).toEqual([]);
});

test('a new site takes the place of the old one, and nothing of the old one is left', async () => {
  const sources = sourcesIn();
  await buildSite(sources);
  rmSync(sources.lessonsFolder, { recursive: true });
  await buildSite(sources);
  expect(existsSync(join(sources.out, 'lessons'))).toBe(false);
  expect(readdirSync(join(sources.out, '..')).sort()).toEqual(['docs', 'public', 'results', 'secret.svg']);
});

test('a folder with other files is refused and stays as it is; an empty one is taken', async () => {
  const sources = sourcesIn();
  mkdirSync(sources.out);
  writeFileSync(join(sources.out, 'mine.txt'), 'mine');
  await expect(buildSite(sources)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(/the folder has other files, such as `mine\.txt`.*--out DIR$/) as string });
  expect(readdirSync(sources.out)).toEqual(['mine.txt']);
  await expect(buildSite({ ...sources, out: join(sources.out, 'mine.txt') })).rejects.toMatchObject({ code: 'BAD_INPUT' });
  rmSync(join(sources.out, 'mine.txt'));
  await buildSite(sources);
  expect(readdirSync(sources.out)).toContain('index.html');
});

test.each([
  ['no matrix', null, /^There is no matrix: expected the file `.*matrix\.json`, which `lab matrix` writes\. To measure one: make matrix$/],
  ['a file that is no JSON', '{', /^Expected `.*matrix\.json` to be a matrix, which `lab matrix` writes: /],
  ['a matrix of an older version', JSON.stringify({ ...madeUpMatrix(), patienceMs: undefined }), /but `patienceMs` is not what it has.*To measure it again: make matrix$/],
  ['a matrix whose runs are elsewhere', JSON.stringify(madeUpMatrix()).replace(/matrix-first-silent\/[^"]*/, '../matrix'), /cells\.0\.outcomes\.0\.directory.*Expected the folder of a run/],
])('%s: one message, and nothing is written', async (_, content, message) => {
  const sources = sourcesIn();
  if (content === null) rmSync(join(sources.results, 'matrix.json'));
  else writeFileSync(join(sources.results, 'matrix.json'), content);
  await expect(buildSite(sources)).rejects.toMatchObject({ code: 'BAD_INPUT', message: expect.stringMatching(message) as string });
  expect(readdirSync(join(sources.out, '..')).sort()).toEqual(['docs', 'results', 'secret.svg']);
});

test('a site that is interrupted, or cannot be written, leaves nothing, and the site before it stays', async () => {
  const sources = sourcesIn();
  await buildSite(sources);
  const before = readFileSync(join(sources.out, 'index.html'), 'utf8');
  await expect(buildSite({ ...sources, signal: AbortSignal.abort('SIGINT') })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  await expect(buildSite({ ...sources, out: '/proc/site' })).rejects.toMatchObject({ code: 'BAD_OUTPUT', message: expect.stringMatching(/^The site could not be written to \/proc\/site: /) as string });
  expect(readdirSync(join(sources.out, '..')).sort()).toEqual(['docs', 'public', 'results', 'secret.svg']);
  expect(readFileSync(join(sources.out, 'index.html'), 'utf8')).toBe(before);
});

describeWith(['chromium'], 'the pages of the site in Chromium', () => {
  test('open from disk under their policies, fit 320 px, have no violation in either theme; a cell leads to its timeline and back', async () => {
    const sources = sourcesIn();
    await buildSite(sources);
    const browser = await startChromium();
    onTestFinished(async () => { await browser.close(); });
    const troubles: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await (await browser.newContext({ viewport: { width: 320, height: 800 }, colorScheme })).newPage();
      page.on('console', (message) => troubles.push(`${page.url()}: ${message.text()}`));
      for (const path of ['index.html', 'scenarios.html', 'lessons/01-nobody-is-there.html']) {
        await page.goto(pathToFileURL(join(sources.out, path)).href);
        expect({ path, violations: await violations(page) }).toEqual({ path, violations: [] });
        expect({ path, sticksOutPx: await page.evaluate('Math.max(document.documentElement.scrollWidth - innerWidth, 0)') }).toEqual({ path, sticksOutPx: 0 });
      }
      expect(await page.evaluate("[window.isHacked ?? 'not', document.images.length, document.images[0].complete && document.images[0].naturalWidth > 0]")).toEqual(['not', 1, true]);
      await page.goto(pathToFileURL(join(sources.out, 'index.html')).href);
      await page.getByRole('link', { name: 'The matrix' }).click();
      await page.locator('.heat tbody a').first().click();
      await page.locator('#picture svg .lane').first().waitFor();
      expect(page.url()).toContain('/runs/matrix-first-silent/');
    }
    expect(troubles).toEqual([]);
  });
});

/** matrix.html in Chromium: what it shows without its script, and what the script adds. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFile, startChromium, violations, type OpenOptions, type Opened } from '../../testing/browser.ts';
import { madeUpMatrix } from '../../testing/made-up-matrix.ts';
import { describeWith } from '../../testing/testing.ts';
import type { Matrix } from './matrix.ts';
import { matrixPage, type MatrixLinks } from './page.ts';

let browser: Browser;

const links: MatrixLinks = { timeline: (directory) => `${directory}/timeline.html`, failure: (name) => `scenarios.html#${name}`, top: '' };

const open = (options: OpenOptions = {}, matrix: Matrix = madeUpMatrix(), given: MatrixLinks = links): Promise<Opened> => openFile(browser, matrixPage(matrix, given), { ready: '.heat tbody tr', ...options });
const names = (page: Page): Promise<string[]> => page.locator('.heat tbody tr:visible th b').allTextContents();
const focused = (page: Page): Promise<string> => page.evaluate("document.activeElement.closest('tr').cells[0].querySelector('b').textContent + ' ' + document.activeElement.closest('td').cellIndex");

/** In the order of the lab. */
const all = ['node-fetch', 'node-18-fetch', 'chromium', 'go', 'go-cgo', 'java'];

describeWith(['chromium'], 'matrix.html in Chromium', () => {
  beforeAll(async () => { browser = await startChromium(); });
  afterAll(async () => { await browser.close(); });

  test('without its script: machine, load, versions and every cell as text, each outcome a link to a run, no control that does nothing', async () => {
    const { page, troubles } = await open({ javaScriptEnabled: false });
    const head = await page.locator('header').innerText();
    for (const fact of ['2 cores (made up), 4 GiB', '1.0, 1.0, 1.0 in the last', 'make matrix repeat=3', '2026-01-31', '17 s for each answer', 'runs for each cell']) expect(head).toContain(fact);
    const rows = (await page.locator('.heat tbody tr').allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
    expect(rows[0]).toBe('node-fetch 1.0.0 answered, 252 ms ±3.5 ms error, 10.49 s UND_ERR_CONNECT_TIMEOUT, 2 attempts error, 30 ms UND_ERR_SOCKET, reused');
    expect(rows[4]).toBe('go-cgo 1.0.4 answered, 15.03 s 2× ? the failure was not seen answered dialled');
    expect(rows[5]).toMatch(/^java 1\.0\.5 answered error, 50 ms ±5\.0 ms ClosedChannelException 1× \? the failure was not seen –$/);
    const mixed = await page.locator('.heat tbody tr').nth(1).locator('td').nth(1).locator('a').all();
    expect(await Promise.all(mixed.map((link) => link.getAttribute('href')))).toEqual(['matrix-all-silent/2026-01-31T12-00-03.000Z/timeline.html', 'matrix-all-silent/2026-01-31T12-00-04.000Z/timeline.html']);
    expect(await page.locator('.heat td a').count()).toBe(19);
    expect(await page.locator('button, input').count()).toBe(0);
    expect(await page.locator('.answers').innerText()).toContain('neither answer nor error within the 17 s that the lab waited: chromium, go');
    expect(await page.locator('main').innerText()).toContain('install musl-tools');
    expect(troubles).toEqual([]);
  });

  test('the colour of a cell is that of its outcome first, and then of its time', async () => {
    const { page } = await open();
    const colourOf = (element: string): Promise<string> => page.evaluate(`getComputedStyle(${element}).backgroundColor`);
    const colourAt = (row: number, column: number): Promise<string> => colourOf(`document.querySelector('.heat tbody').rows[${row}].cells[${column}]`);
    const [early, late, error, silent] = await Promise.all([colourAt(0, 1), colourAt(3, 1), colourAt(1, 1), colourAt(2, 2)]);
    const ofKey = (text: string, place: number): Promise<string> => colourOf(`[...document.querySelectorAll('.key li')].filter((each) => each.textContent.startsWith('${text}'))[${place}]`);
    expect([early, late, error, silent]).toEqual([await ofKey('300 ms', 0), await ofKey('more', 0), await ofKey('1 ms', 1), await ofKey('neither', 0)]);
    expect(new Set([early, late, error, silent]).size).toBe(4);
  });

  test('a heading sorts by outcome first and time second, then backwards, then as before; a screen reader is told', async () => {
    const { page, troubles } = await open();
    const click = (name: string): Promise<void> => page.getByRole('button', { name, exact: true }).click();
    await click('first address silent');
    expect(await names(page)).toEqual(['node-fetch', 'chromium', 'go', 'go-cgo', 'java', 'node-18-fetch']);
    expect(await page.evaluate("[...document.querySelectorAll('th[aria-sort]')].map((each) => `${each.textContent} ${each.ariaSort}`)")).toEqual(['first address silent ascending']);
    expect(await page.getByRole('status').textContent()).toContain('6 of 6 clients, sorted by “first address silent”.');
    await click('first address silent');
    expect(await names(page)).toEqual(['node-18-fetch', 'java', 'go-cgo', 'go', 'chromium', 'node-fetch']);
    await click('first address silent');
    expect(await names(page)).toEqual(all);
    expect(await page.locator('th[aria-sort]').count()).toBe(0);
    await click('all silent');
    // An error, no answer, nothing seen.
    expect(await names(page)).toEqual(['java', 'node-18-fetch', 'node-fetch', 'chromium', 'go', 'go-cgo']);
    await click('closed as POST is sent');
    // An answer after 72 ms comes before an error after 2.5 ms. What was not measured stands last.
    expect(await names(page)).toEqual(['chromium', 'go-cgo', 'go', 'node-fetch', 'node-18-fetch', 'java']);
    await click('client');
    expect(await names(page)).toEqual(all.toSorted((one, other) => one.localeCompare(other)));
    expect(troubles).toEqual([]);
  });

  test('families of clients can be shown alone, sorted or not', async () => {
    const { page } = await open();
    expect((await page.locator('fieldset label').allInnerTexts()).map((text) => text.trim())).toEqual(['node (2)', 'chromium (1)', 'go (2)', 'java (1)']);
    await page.getByLabel('go (2)').check();
    await page.getByLabel('node (2)').check();
    expect(await names(page)).toEqual(['node-fetch', 'node-18-fetch', 'go', 'go-cgo']);
    expect(await page.getByRole('status').textContent()).toContain('4 of 6 clients');
    await page.getByRole('button', { name: 'first address silent' }).click();
    expect(await names(page)).toEqual(['node-fetch', 'go', 'go-cgo', 'node-18-fetch']);
    await page.getByRole('button', { name: 'Show all' }).click();
    expect((await names(page)).length).toBe(6);
    expect(await page.getByRole('button', { name: 'Show all' }).isDisabled()).toBe(true);
  });

  test('by keyboard: Tab reaches the controls and one cell, the arrow keys go on from there past hidden rows, and Enter opens the run', async () => {
    const { page } = await open();
    await page.getByLabel('chromium (1)').focus();
    await page.keyboard.press('Space');
    await page.getByLabel('go (2)').check();
    await page.getByRole('button', { name: 'closed as POST is sent' }).focus();
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('chromium 1');
    await page.keyboard.press('ArrowDown');
    expect(await focused(page)).toBe('go 1');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    expect(await focused(page)).toBe('go 3');
    await page.keyboard.press('ArrowUp');
    expect(await focused(page)).toBe('chromium 3');
    await page.keyboard.press('ArrowUp');
    expect(await focused(page)).toBe('chromium 3');
    await page.keyboard.press('Home');
    expect(await focused(page)).toBe('chromium 1');
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowLeft');
    expect(await focused(page)).toBe('chromium 2');
    // The next Tab leaves the table.
    await page.keyboard.press('Tab');
    expect(await page.evaluate("document.activeElement.closest('table') === null")).toBe(true);
    await page.keyboard.press('Shift+Tab');
    expect(await focused(page)).toBe('chromium 2');
    const [request] = await Promise.all([page.waitForRequest(/timeline\.html$/), page.keyboard.press('Enter')]);
    expect(request.url()).toMatch(/\/matrix-all-silent\/2026-01-31T12-00-06\.000Z\/timeline\.html$/);
  });

  test('a run whose files are gone is no link, and its cell keeps its text', async () => {
    const { page } = await open({}, madeUpMatrix(), { ...links, timeline: () => null });
    expect(await page.locator('.heat td a').count()).toBe(0);
    expect(await page.locator('.heat tbody tr').first().innerText()).toContain('252 ms');
  });

  test.each(['light', 'dark'] as const)('in the %s theme, from 320 to 2560 px: nothing sticks out, and axe finds no violation', async (colorScheme) => {
    const { page, troubles } = await open({ colorScheme });
    await page.getByRole('button', { name: 'all silent' }).click();
    for (const width of [320, 768, 1_280, 2_560]) {
      await page.setViewportSize({ width, height: 900 });
      expect({ width, sticksOutPx: await page.evaluate('Math.max(document.documentElement.scrollWidth - innerWidth, 0)') }).toEqual({ width, sticksOutPx: 0 });
      if (width === 320 || width === 1_280) expect(await violations(page)).toEqual([]);
    }
    expect(troubles).toEqual([]);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
  });

  test('on paper: the whole table without controls, in light colours also from a dark screen', async () => {
    const { page } = await open({ colorScheme: 'dark' });
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('#controls').isVisible()).toBe(false);
    expect(await page.evaluate("getComputedStyle(document.querySelector('.heat')).overflow")).toBe('visible');
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    const pdf = await page.pdf({ preferCSSPageSize: true });
    expect(pdf.toString('latin1')).toMatch(/\/Type \/Font\b/);
  });

  test('names and errors from outside stay text', async () => {
    const hostile = `</script><script>window.isHacked = true</script><img src=x onerror="window.isHacked = true">\u202e"'`;
    const matrix = madeUpMatrix();
    const cells = matrix.cells.map((cell) => ({ ...cell, client: cell.client === 'go' ? hostile : cell.client, outcomes: cell.outcomes.map((each) => ({ ...each, outcome: each.outcome === 'EOF' ? hostile : each.outcome, remarks: [hostile] })) }));
    const clients = matrix.clients.map((client) => (client.name === 'go' ? { name: hostile, version: hostile } : client));
    const { page, troubles } = await open({}, { ...matrix, cells, clients, command: hostile, machine: { [hostile]: hostile }, groups: matrix.groups.map((group) => ({ title: hostile, failures: group.failures.map((each) => ({ ...each, title: hostile, measures: hostile, question: hostile })) })) });
    expect(await page.locator('.heat tbody tr').nth(3).innerText()).toContain('</script><script>');
    expect(await page.evaluate("[window.isHacked ?? 'not', document.querySelectorAll('img').length, document.querySelectorAll('script').length]")).toEqual(['not', 0, 1]);
    expect(await page.locator('body').innerText()).not.toContain('\u202e');
    expect(troubles).toEqual([]);
  });
});

import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { compare } from '../cli/commands/compare.ts';
import { capturePage } from '../report/capture-page.ts';
import { timelinePage } from '../report/timeline-page.ts';
import { drawn, openFile, press, startChromium, violations, visiblePart } from '../testing/browser.ts';
import { longRun } from '../../bench/long-run.ts';
import { captureOf, recordedRun, withEvents } from '../testing/pictured-runs.ts';
import { describeWith } from '../testing/testing.ts';
import { keyHelp } from './key-help.ts';

let browser: Browser;

const heading = (page: Page): Promise<string | null> => page.locator('#ladder h2').textContent({ timeout: 5_000 });
const details = (page: Page): Promise<string> => page.locator('#details').innerText();

describeWith(['chromium'], 'timeline.html in Chromium', () => {
  beforeAll(async () => { browser = await startChromium(); });
  afterAll(async () => { await browser.close(); });

  test('opens from disk under its policy, asks for nothing, and draws every lane', async () => {
    const { page, troubles } = await openFile(browser, timelinePage(recordedRun('host-vanishes')));
    expect(await page.locator('#picture .name').allTextContents()).toEqual(['caller', 'dns', 'backend-1', 'backend-2', 'backend-3']);
    expect(troubles).toEqual([]);
    // The policy holds: a script that is not the page's own does not run, and nothing is fetched. The server is the judge.
    let asked = 0;
    const server = createServer((_, response) => { asked++; response.end(); }).listen(0, '127.0.0.1');
    onTestFinished(() => { server.close(); });
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    await page.evaluate(`document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.isHacked = true' }));
      document.body.insertAdjacentHTML('beforeend', '<img src="${url}x.png" onerror="window.isHacked = true">')`);
    await expect(page.evaluate(`fetch('${url}')`)).rejects.toThrow('Failed to fetch');
    expect(await page.evaluate('window.isHacked')).toBeUndefined();
    expect(asked).toBe(0);
    expect(troubles.filter((each) => each.includes('Content Security Policy')).length).toBeGreaterThan(2);
  });

  test('the link to a request opens its ladder, and so do its bar and its entry in the list', async () => {
    const { page } = await openFile(browser, timelinePage(recordedRun('host-vanishes')), { hash: 'request=2' });
    expect(await heading(page)).toBe('Request #2, step by step: TimeoutError');
    await page.locator('#picture [aria-label^="Request #4,"]').click();
    expect(await heading(page)).toBe('Request #4, step by step: EHOSTUNREACH');
    expect(new URL(page.url()).hash).toBe('#request=4');
    await page.getByLabel('Request', { exact: true }).selectOption('3');
    expect(await heading(page)).toBe('Request #3, step by step: 200');
    // What belongs to another request is faded.
    expect(await page.locator('#picture .faded[aria-label^="Request #1,"]').count()).toBe(1);
    await page.goBack();
    await drawn(page);
    expect(await heading(page)).toBe('Request #4, step by step: EHOSTUNREACH');
    await page.getByRole('button', { name: 'Close the ladder' }).click();
    await drawn(page);
    expect(await page.locator('#ladder').innerHTML()).toBe('');
  });

  test('every key does what the list of keys says', async () => {
    const { page, troubles } = await openFile(browser, timelinePage(recordedRun('host-vanishes')));
    expect(keyHelp.map(([key]) => key)).toEqual(['W S', 'A D', '0', 'L', 'arrow keys', 'Enter', 'P N', 'Esc']);
    const whole = await visiblePart(page);
    expect(whole.width).toBeCloseTo(1, 2);
    await press(page, 'KeyW', 'KeyW');
    const near = await visiblePart(page);
    expect(near.width).toBeLessThan(0.8);
    await press(page, 'KeyA');
    const left = await visiblePart(page);
    expect(left.left).toBeLessThan(near.left);
    await press(page, 'KeyD');
    expect(await visiblePart(page)).toEqual(near);
    await press(page, 'KeyS');
    expect((await visiblePart(page)).width).toBeGreaterThan(near.width);
    await press(page, 'Digit0');
    expect(await visiblePart(page)).toEqual(whole);
    await press(page, 'KeyL');
    expect(await page.getByRole('button', { name: 'True to time' }).getAttribute('aria-pressed')).toBe('true');
    expect(await page.locator('#picture .wait').count()).toBe(0);
    await press(page, 'KeyL');
    expect(await page.locator('#picture .wait').count()).toBeGreaterThan(0);

    await page.locator('#picture').focus();
    await press(page, 'ArrowRight');
    expect(await details(page)).toContain('a client without a time limit');
    await press(page, 'ArrowDown', 'ArrowDown', 'ArrowRight');
    const current = await page.locator('#picture').getAttribute('aria-activedescendant');
    const label = await page.locator(`#${current ?? ''}`).getAttribute('aria-label');
    expect(label).toMatch(/^Request #3 waits for: DNS /);
    expect(await details(page)).toContain(label);
    await press(page, 'ArrowUp');
    expect(await details(page)).toMatch(/^Request #3, GET/);
    await press(page, 'Enter');
    expect(await heading(page)).toBe('Request #3, step by step: 200');
    await press(page, 'KeyP');
    expect(await heading(page)).toBe('Request #2, step by step: TimeoutError');
    await press(page, 'KeyN', 'KeyN');
    expect(await heading(page)).toBe('Request #4, step by step: EHOSTUNREACH');
    await press(page, 'Escape');
    expect(await page.locator('#ladder').innerHTML()).toBe('');
    expect(troubles).toEqual([]);
  });

  test('the keys go by their place, so W and A zoom and move on a French keyboard, and with Ctrl they are the browser\'s', async () => {
    const { page } = await openFile(browser, timelinePage(recordedRun('host-vanishes')));
    const whole = await visiblePart(page);
    await page.evaluate(`document.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyW', key: 'z', bubbles: true }))`);
    await drawn(page);
    const near = await visiblePart(page);
    expect(near.width).toBeLessThan(whole.width);
    await page.evaluate(`document.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyW', key: 'w', ctrlKey: true, bubbles: true }))`);
    await drawn(page);
    expect(await visiblePart(page)).toEqual(near);
  });

  test('buttons, wheel, drag and strip move what is visible', async () => {
    const { page } = await openFile(browser, timelinePage(recordedRun('host-vanishes')));
    const whole = await visiblePart(page);
    const click = async (name: string): Promise<void> => {
      await page.getByRole('button', { name, exact: true }).click();
      await drawn(page);
    };
    await click('Zoom in');
    await click('Zoom in');
    await click('Zoom in');
    const near = await visiblePart(page);
    expect(near.width).toBeLessThan(whole.width);
    await click('Move left');
    const left = await visiblePart(page);
    expect(left.left).toBeLessThan(near.left);
    await click('Move right');
    expect(await visiblePart(page)).toEqual(near);
    const box = await page.locator('#picture svg').boundingBox();
    const [x, y] = [(box?.x ?? 0) + 700, (box?.y ?? 0) + 60];
    await page.mouse.move(x, y);
    await page.mouse.down();
    await page.mouse.move(x + 200, y, { steps: 5 });
    await page.mouse.up();
    await drawn(page);
    expect((await visiblePart(page)).left).toBeLessThan(near.left);
    // A drag is no click.
    expect(await page.locator('#ladder').innerHTML()).toBe('');
    const strip = await page.locator('#picture .lane').last().boundingBox();
    await page.mouse.click((strip?.x ?? 0) + (strip?.width ?? 0) * 0.9, (strip?.y ?? 0) + 4);
    await drawn(page);
    expect((await visiblePart(page)).left).toBeGreaterThan(0.4);
    await click('Zoom out');
    await click('Show all');
    expect(await visiblePart(page)).toEqual(whole);
    await page.mouse.move(x, y);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -120);
    await page.keyboard.up('Control');
    await drawn(page);
    expect((await visiblePart(page)).width).toBeLessThan(whole.width);
  });

  test('one host can be shown alone, beside the caller', async () => {
    const { page } = await openFile(browser, timelinePage(recordedRun('host-vanishes')));
    await page.getByLabel('Host', { exact: true }).selectOption('backend-2');
    await drawn(page);
    expect(await page.locator('#picture .name').allTextContents()).toEqual(['caller', 'backend-2']);
  });

  test('a mark under the pointer names every field of its events', async () => {
    const { page } = await openFile(browser, timelinePage(recordedRun('host-vanishes')));
    await page.locator('#picture [aria-label^="payload again"]').first().hover();
    const text = await details(page);
    for (const word of ['wire:data-retransmission', 'one side sent `bytes` bytes of payload again', 'tMs', 'address', '198.51.100.12', 'localPort', 'sender', 'client', 'bytes', '172']) expect(text).toContain(word);
  });

  test('with motion reduced a zoom is there at once; otherwise it takes some frames, and ends at the same place', async () => {
    const ends: object[] = [];
    for (const reducedMotion of ['reduce', 'no-preference'] as const) {
      const { page } = await openFile(browser, timelinePage(recordedRun('host-vanishes')), { reducedMotion });
      const widths = await page.evaluate<string[]>(`(async () => {
        const found = new Set();
        document.dispatchEvent(new KeyboardEvent('keydown', { code: 'KeyW', bubbles: true }));
        for (const endMs = performance.now() + 600; performance.now() < endMs;) {
          await new Promise((resolve) => { requestAnimationFrame(resolve); });
          found.add([...document.querySelectorAll('#picture .window')].at(-1).getAttribute('width'));
        }
        return [...found];
      })()`);
      // The first frame may still show the old width.
      if (reducedMotion === 'reduce') expect(widths.length).toBeLessThanOrEqual(2);
      ends.push(await visiblePart(page));
    }
    expect(ends[0]).toEqual(ends[1]);
  });

  describe.each(['light', 'dark'] as const)('in the %s theme', (colorScheme) => {
    test.each([320, 768, 1_280, 2_560])('%i px wide: nothing sticks out, and axe finds no violation', async (width) => {
      const { page, troubles } = await openFile(browser, timelinePage(recordedRun('host-vanishes')), { colorScheme, width, hash: 'request=4' });
      await heading(page);
      expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
      expect(await violations(page)).toEqual([]);
      expect(troubles).toEqual([]);
      expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe(colorScheme === 'light' ? 'rgb(255, 255, 255)' : 'rgb(13, 17, 23)');
    });
  });

  test.each(['ipv6-blackhole', 'host-vanishes'] as const)('the accessibility tree of %s', async (name) => {
    const { page } = await openFile(browser, timelinePage(recordedRun(name)), { hash: 'request=1' });
    await heading(page);
    await expect(await page.locator('body').ariaSnapshot()).toMatchFileSnapshot(`../testing/runs/${name}/accessibility.txt`);
  });

  test('on paper: text stays text, no buttons, a plain tint instead of hatches, light colours also from a dark screen', async () => {
    const { page } = await openFile(browser, timelinePage(recordedRun('host-vanishes')), { colorScheme: 'dark', hash: 'request=4' });
    await heading(page);
    const pdf = await page.pdf({ format: 'A4', landscape: true });
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
    // Text is written with fonts, and not as shapes.
    expect(pdf.toString('latin1')).toMatch(/\/Type \/Font\b/);
    await page.emulateMedia({ media: 'print' });
    expect(await page.locator('.bar').first().isVisible()).toBe(false);
    expect(await page.locator('#details').isVisible()).toBe(false);
    expect(await page.locator('#picture [fill="url(#hatch)"]').first().isVisible()).toBe(false);
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.evaluate("getComputedStyle(document.querySelector('#picture .shade')).fill")).toBe('rgb(255, 240, 238)');
  });

  test('strings from the network stay text', async () => {
    const run = recordedRun('ipv6-blackhole');
    const hostile = `</script><script>window.isHacked = true</script><img src=x onerror="window.isHacked = true">\u202e"'`;
    const long = `${hostile}${'A'.repeat(1_000_000)}`;
    const events = run.events.map((event) =>
      event.event === 'client:request' ? { ...event, url: long } : event.event === 'wire:response' ? { ...event, line: hostile } : event.event === 'client:response' ? { ...event, body: hostile } : event.event === 'dns:policy' ? { ...event, change: hostile } : event);
    const html = timelinePage(withEvents({ ...run, journal: { ...run.journal, client: hostile, about: { ...run.journal.about, title: hostile, sources: [`https://example.com/"onclick="window.isHacked=true ${hostile}`] }, command: hostile } }, events));
    expect(html.length).toBeLessThan(200_000);
    const { page, troubles } = await openFile(browser, html, { hash: 'request=1' });
    await heading(page);
    await page.locator('#picture [aria-label^="Request #1,"]').hover();
    expect(await details(page)).toContain('(cut: ');
    expect(await page.evaluate("[window.isHacked ?? 'not', document.querySelectorAll('img').length, document.querySelectorAll('script').length]")).toEqual(['not', 0, 2]);
    expect(await page.locator('body').innerText()).not.toContain('\u202e');
    expect(troubles).toEqual([]);
  });

  test('a comparison draws each run, and opens a request of either one', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'compare-'));
    onTestFinished(() => { rmSync(folder, { recursive: true }); });
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    onTestFinished(() => { log.mockRestore(); });
    expect(await compare(['lab/testing/runs/ipv6-blackhole', 'lab/testing/runs/host-vanishes'], { align: 'request', results: folder })).toBe(0);
    const { page, troubles } = await openFile(browser, readFileSync(join(folder, 'compare.html'), 'utf8'), { hash: 'request=b4' });
    expect(await heading(page)).toBe('Request #4, step by step: EHOSTUNREACH');
    expect(await page.locator('#picture .name').allTextContents()).toEqual(['ipv6-blackhole · node-fetch', 'caller', 'dns', 'backend-1', 'backend-2', 'backend-3', 'host-vanishes · node-fetch', 'caller', 'dns', 'backend-1', 'backend-2', 'backend-3']);
    // The first requests of both runs begin at the same place.
    const [one, other] = await Promise.all([0, 1].map((run) => page.locator('#picture [aria-label^="Request #1, GET"] rect').nth(run).boundingBox()));
    expect(one?.x).toBeCloseTo(other?.x ?? NaN, 0);
    await page.locator('#picture [aria-label^="Request #1, GET"]').nth(1).click();
    await drawn(page);
    expect(new URL(page.url()).hash).toBe('#request=b1');
    expect(await violations(page)).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('a capture from elsewhere: its servers and what they are called, no requests to choose, a server can be shown alone', async () => {
    const { page, troubles } = await openFile(browser, capturePage({ file: 'capture.pcap', capture: captureOf(recordedRun('host-vanishes')) }, 'bin/lab read capture.pcap'), { width: 320 });
    // On a narrow page, the address stands beside the name.
    expect(await page.locator('#picture .name').allTextContents()).toEqual(['dns', 'web.lab.test 198.51.100.11', 'web.lab.test 198.51.100.12', 'backend-3.lab.test 198.51.100.13']);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBeLessThanOrEqual(0);
    expect(await page.getByLabel('Request', { exact: true }).count()).toBe(0);
    expect(await details(page)).not.toMatch(/opens its request|open the request/);
    await page.locator('#picture [aria-label^="Attempt at .11: aborted"]').click();
    expect(await details(page)).toContain('wire:syn-ack');
    expect(await page.locator('#ladder').innerHTML()).toBe('');
    await page.getByLabel('Host', { exact: true }).selectOption('web.lab.test');
    await drawn(page);
    expect(await page.locator('#picture .name').count()).toBe(2);
    expect(await violations(page)).toEqual([]);
    expect(troubles).toEqual([]);
  });

  test('20,000 events are less than 500 kB, and few elements of the page', async () => {
    const html = timelinePage(longRun(recordedRun('ipv6-blackhole'), 20_000));
    expect(html.length).toBeLessThan(500_000);
    const { page, troubles } = await openFile(browser, html);
    expect(await page.locator('#picture svg *').count()).toBeLessThan(1_500);
    await press(page, 'KeyW', 'KeyW', 'KeyW', 'KeyW', 'KeyW', 'KeyW', 'KeyW', 'KeyW');
    expect(await page.locator('#picture [aria-label^="Request #"]').count()).toBeGreaterThan(5);
    expect(troubles).toEqual([]);
  });

  test('a page whose data is broken says so, and its list can still be read', async () => {
    const html = timelinePage(recordedRun('ipv6-blackhole')).replace(/(id="data">)[^<]+/, '$1AAAA');
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.setContent(html);
    expect(await page.locator('#stage .note').textContent()).toMatch(/^The picture cannot be drawn: .*The list below has the same events\.$/);
    expect(await page.locator('.story li').count()).toBeGreaterThan(10);
    await context.close();
  });
});

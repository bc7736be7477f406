/** A lesson on the page of the workshop, from its question to its explanation, in Chromium. */
import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { violations } from '../testing/browser.ts';
import { describeWith } from '../testing/testing.ts';
import { send, startTestWorkshop, type TestWorkshop } from '../testing/workshop.ts';

describeWith(['netns', 'nft', 'curl', 'chromium'], 'lessons on the page', () => {
  let on: TestWorkshop;
  let leader: Page;
  let watcher: Page;

  beforeAll(async () => {
    on = await startTestWorkshop(netns);
    ({ leader } = on);
    watcher = await (await on.browser.newContext({ reducedMotion: 'reduce' })).newPage();
    await watcher.goto((await send(leader, 'invite', {})).result ?? '');
  }, 120_000);
  afterAll(() => on[Symbol.asyncDispose]());

  const choose = async (lesson: string, client = 'node-fetch'): Promise<void> => {
    if (await leader.getByRole('button', { name: 'Lessons' }).getAttribute('aria-pressed') === 'false') await leader.getByRole('button', { name: 'Lessons' }).click();
    await leader.getByRole('combobox', { name: 'Client of the lesson' }).selectOption(client);
    await leader.getByRole('combobox', { name: 'Lesson', exact: true }).selectOption(lesson);
  };
  const predict = (letter: string, page = leader): Promise<void> => page.getByRole('radio', { name: new RegExp(`^${letter}\\)`) }).check();
  const outcome = (page = leader) => page.locator('.outcome');

  test('a wrong prediction, and a right one in another browser: both see the run, and why', { timeout: 120_000 }, async () => {
    await choose('2');
    await watcher.getByRole('heading', { name: /^2 / }).waitFor();
    // Nobody can run it before a prediction, and a watcher cannot at all.
    expect(await leader.getByRole('button', { name: /run it/ }).isDisabled()).toBe(true);
    expect(await watcher.getByRole('button', { name: /run it/i }).count()).toBe(0);
    for (const told of ['Holds', 'refused', 'ECONNREFUSED after']) expect(await leader.locator('article').getByText(told).count()).toBe(0);
    await predict('a');
    await predict('b', watcher);
    await leader.getByRole('button', { name: 'Run it' }).click();
    await outcome().getByText('The run was b)').waitFor({ timeout: 60_000 });
    await outcome().getByText('You predicted a). The idea behind it:').waitFor();
    await outcome(watcher).getByText('You predicted it.').waitFor();
    for (const page of [leader, watcher]) {
      await page.getByRole('heading', { name: 'Why' }).waitFor();
      await page.locator('#stage svg .lane').first().waitFor();
    }
    expect(await violations(leader)).toEqual([]);
    // The lab by hand has seen nothing of it.
    expect(on.lab.timeline.events.filter(({ tMs, event }) => tMs > 0 && event === 'client:request')).toEqual([]);
    const directory = (await leader.getByText('Its files are in').locator('code').textContent()) ?? '';
    expect(existsSync(`${directory}/journal.json`)).toBe(true);
    expect(basename(directory)).toMatch(/^\d{4}-/);
  });

  test('marks on the empty timeline, by keyboard and by pointer; the run lays the true times over them', { timeout: 120_000 }, async () => {
    await choose('5');
    for (let count = 0; count < 2; count++) await leader.getByRole('button', { name: 'Add a mark' }).click();
    const second = leader.getByRole('slider', { name: 'Mark 2' });
    await second.press('ArrowRight');
    await second.press('PageDown');
    await leader.locator('.mark[aria-valuenow="1100"]').waitFor();
    await second.press('Delete');
    const box = await leader.locator('.ruler svg').boundingBox();
    if (!box) throw new Error('the ruler is not visible');
    await leader.mouse.click(box.x + box.width * 0.5, box.y + box.height * 0.6);
    await leader.locator('.mark[aria-valuenow="4000"]').waitFor();
    expect(await leader.getByRole('slider').count()).toBe(2);
    await predict('a');
    await leader.getByRole('button', { name: 'Run it' }).click();
    await outcome().getByText('You predicted it.').waitFor({ timeout: 60_000 });
    expect(await leader.locator('.ruler .near').count()).toBe(2);
    expect(await leader.locator('.ruler .far').count()).toBeGreaterThan(1);
    expect(await leader.getByRole('button', { name: 'True to time' }).getAttribute('aria-pressed')).toBe('true');
  });

  test('another client: the run decides which option it is', { timeout: 120_000 }, async () => {
    await choose('8', 'curl');
    await predict('d');
    await leader.getByRole('button', { name: 'Run it' }).click();
    await outcome().getByText(/The run was|decides nothing/).first().waitFor({ timeout: 60_000 });
    await watcher.reload();
    await outcome(watcher).getByText(/The run was|decides nothing/).first().waitFor();
  });

  test('one lesson runs at a time, and a lesson that does not exist is refused', { timeout: 60_000 }, async () => {
    const [first, second] = await Promise.all([send(leader, 'lesson', { number: 2, client: 'node-fetch', runs: true }), send(leader, 'lesson', { number: 3, client: 'node-fetch', runs: true })]);
    expect([first.status, second.status].sort()).toEqual([200, 400]);
    expect(await send(leader, 'lesson', { number: 99, client: 'node-fetch', runs: false })).toMatchObject({ status: 400, error: expect.stringContaining('Expected the number of a lesson') as string });
    expect(await send(watcher, 'lesson', { number: 2, client: 'node-fetch', runs: true })).toMatchObject({ status: 403 });
  });
});

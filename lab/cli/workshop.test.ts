/** The page of the workshop in Chromium, over a real lab: what its buttons do is asked of the lab. */
import { execFile } from 'node:child_process';
import { subscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { Policy } from '../../services/dns/policy.ts';
import { netns } from '../network/drivers/netns.ts';
import type { Lab } from '../run/lab.ts';
import { violations } from '../testing/browser.ts';
import { describeWith, until } from '../testing/testing.ts';
import { act, linesOf, send, startTestWorkshop, type Answer, type TestWorkshop } from '../testing/workshop.ts';

describeWith(['netns', 'nft', 'chromium'], 'the page of the workshop', () => {
  let on: TestWorkshop;
  let leader: Page;
  let lab: Lab;
  let foreign: Server;
  let isOver = false;
  /** The connections of the browsers, at the side of the server. */
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    subscribe('net.server.socket', (message) => { sockets.add((message as { socket: Socket }).socket); });
    on = await startTestWorkshop(netns);
    ({ leader, lab } = on);
    foreign = createServer((_, response) => { response.setHeader('content-type', 'text/html').end('<!doctype html><p>another page</p>'); });
    await once(foreign.listen(0, '127.0.0.1'), 'listening');
  }, 120_000);

  afterEach(async () => {
    on.client.stopRate();
    if (!isOver) await give('heal', { host: null });
    expect(on.troubles).toEqual([]);
  });

  afterAll(async () => {
    foreign.close();
    await on[Symbol.asyncDispose]();
  });

  const give = (verb: string, args: object): Promise<Answer> => act(on, verb, args);
  const press = (name: string, page = leader): Promise<void> => page.getByRole('button', { name, exact: true }).click();
  const tab = (name: string, page = leader): Promise<void> => page.getByRole('tab', { name }).click();
  const policy = (): Promise<Policy> => lab.server('dns').remote.call('policy');
  const inForce = (): string[] => lab.inForce.map(({ name, host, optionText }) => `${name} ${host} ${optionText}`.trim());
  const lines = (page = leader): Promise<string[]> => linesOf(page);
  /** Presses a button, and waits until the page shows the line of its command. Returns the line. */
  const pressed = async (name: string): Promise<string> => {
    const before = (await on.allLines()).length;
    await press(name);
    return await until(async () => (await lines())[before], `the line of ${name}`);
  };
  const terminal = async (line: string): Promise<void> => { await promisify(execFile)('sh', ['-c', line], { env: { ...process.env, NO_COLOR: '1' } }); };

  test.each([
    ['Stop', 'stop backend-1', 'bin/lab fault stop backend-1'],
    ['Kill', 'kill backend-1', 'bin/lab fault kill backend-1'],
    ['Pause', 'pause backend-1', 'bin/lab fault pause backend-1'],
    ['Blackhole IPv4', 'blackhole backend-1 family=4', 'bin/lab fault blackhole backend-1 --family 4'],
    ['Blackhole IPv6', 'blackhole backend-1 family=6', 'bin/lab fault blackhole backend-1 --family 6'],
    ['Refuse', 'refuse backend-1', 'bin/lab fault refuse backend-1'],
    ['Delay 100 ms', 'delay backend-1 delayMs=100', 'bin/lab fault delay backend-1 --delayMs 100'],
    ['Loss 20 %', 'loss backend-1 percent=20', 'bin/lab fault loss backend-1 --percent 20'],
    ['Throttle', 'throttle backend-1', 'bin/lab fault throttle backend-1'],
    ['Restart', 'restart backend-1', 'bin/lab fault restart backend-1'],
  ])('%s puts its fault in force, and so does its line in a terminal', async (button, fault, line) => {
    await tab('Faults');
    expect(await pressed(button)).toBe(line);
    expect(inForce()).toEqual([fault]);
    expect(lab.doubts).toEqual([]);
    expect(await pressed('Heal backend-1')).toBe('bin/lab heal backend-1');
    expect(inForce()).toEqual([]);
    await terminal(line);
    expect(inForce()).toEqual([fault]);
  });

  test('every fault with its options, on DNS, and how a backend answers; `Heal all`', async () => {
    await tab('Faults');
    await leader.getByRole('radio', { name: 'dns' }).check();
    await leader.getByRole('combobox', { name: 'Fault', exact: true }).selectOption('dns-delay');
    await leader.getByRole('textbox', { name: 'delayMs' }).fill('40');
    expect(await pressed('Put in force')).toBe('bin/lab fault dns-delay dns --delayMs 40');
    await leader.getByRole('radio', { name: 'backend-3' }).check();
    await leader.getByRole('combobox', { name: 'Behaviour' }).selectOption('delayMs');
    await leader.getByRole('textbox', { name: 'Value' }).fill('30');
    expect(await pressed('Change')).toBe('bin/lab behave backend-3 delayMs=30');
    expect([inForce(), lab.misbehaving]).toEqual([['dns-delay dns delayMs=40'], [{ backend: 'backend-3', text: 'delayMs=30' }]]);
    await leader.locator('svg.network').getByText('✘ delayMs=30').waitFor();
    expect(await pressed('Heal all')).toBe('bin/lab heal');
    expect([inForce(), lab.misbehaving]).toEqual([[], []]);
    await leader.getByRole('radio', { name: 'backend-1' }).check();
  });

  test('the switches of DNS change the policy, and the table says what made an answer so', async () => {
    await tab('DNS');
    expect(await pressed('Shuffle off')).toBe('bin/lab dns shuffle off');
    expect(await pressed('AAAA on')).toBe('bin/lab dns aaaa on');
    expect(await pressed('Records in an answer 1')).toBe('bin/lab dns selectFirst 1');
    expect(await pressed('TTL 5 s')).toBe('bin/lab dns ttl 5');
    expect(await pressed('Record of backend-1 down')).toBe('bin/lab dns record down web.lab.test A 198.51.100.11');
    expect(await policy()).toMatchObject({ aaaa: true, ttlS: 5, chains: { A: 'up > selectFirst 1' } });
    await give('client', { name: 'node-fetch', options: { keepAlive: 'off' } });
    await give('ask', { method: 'GET' });
    const row = leader.getByRole('row', { name: /client A web\.lab\.test 198\.51\.100\.12 NOERROR up > selectFirst 1/ });
    await row.first().waitFor();
    for (const button of ['Shuffle on', 'AAAA off', 'Records in an answer 2', 'TTL 60 s', 'Record of backend-1 up']) await pressed(button);
    await leader.getByRole('textbox', { name: 'lab dns' }).fill('nonsense');
    await leader.locator('#panel-DNS form').getByRole('button').click();
    await leader.getByText('Not a DNS switch: `nonsense`').first().waitFor();
  });

  test('the client: requests by hand, another client with options, requests at a rate', async () => {
    await tab('Client');
    await leader.getByRole('combobox', { name: 'Client', exact: true }).selectOption('node-http');
    await leader.getByRole('textbox', { name: 'keepAlive' }).fill('off');
    expect(await pressed('Start this client')).toBe('bin/lab client node-http keepAlive=off');
    expect(on.client.state).toMatchObject({ name: 'node-http', options: 'keepAlive=off' });
    expect(await pressed('POST')).toBe('bin/lab ask POST');
    expect(lab.timeline.events.filter(({ event }) => event === 'client:request').at(-1)).toMatchObject({ method: 'POST' });
    expect(await pressed('Start')).toBe('bin/lab ask --per-s 2');
    const count = (): number => lab.timeline.events.filter(({ event }) => event === 'client:request').length;
    const before = count();
    await until(() => count() >= before + 2, 'two more requests');
    expect(await pressed('End')).toBe('bin/lab ask --per-s 0');
    expect(on.client.state.perS).toBe(0);
  });

  test('a client that crashes: the lab goes on, and the next request starts another one', async () => {
    const start = vi.spyOn(lab.processes, 'start');
    await give('client', { name: 'node-fetch', options: {} });
    const remote = await (start.mock.results[0]?.value as ReturnType<Lab['processes']['start']>);
    start.mockRestore();
    await remote.process.signal('SIGKILL');
    await remote.process.exited;
    expect(await give('ask', { method: 'GET' })).toMatchObject({ status: 400, error: expect.stringContaining('The next request starts a new one.') as string });
    expect(await give('ask', { method: 'GET' })).toMatchObject({ status: 200 });
    await leader.getByRole('heading', { name: 'Doubts' }).waitFor();
  });

  test('others watch: the same history, also after a reload and after a second offline; commands only if the leader shares them', async () => {
    const { result: link = '' } = await give('invite', {});
    const other = await on.browser.newContext({ reducedMotion: 'reduce' });
    const watcher = await other.newPage();
    await watcher.goto(link);
    await watcher.getByText('this one watches').waitFor();
    const same = async (): Promise<void> => { await until(async () => (await lines(watcher)).length > 0 && (await lines(watcher)).join() === (await lines()).join(), 'the same lines'); };
    await same();
    expect(await watcher.getByRole('tab').count()).toBe(0);
    expect(await send(watcher, 'apply', { fault: 'kill', host: 'backend-2', options: {} })).toEqual({ status: 403, error: 'This browser only watches. The leader gives the commands.' });
    expect((await send(watcher, 'invite', {})).status).toBe(403);
    expect((await send(watcher, 'share', { all: true })).status).toBe(403);
    expect(inForce()).toEqual([]);

    await leader.getByRole('checkbox', { name: 'all may give commands' }).check();
    await tab('Faults', watcher);
    await watcher.getByRole('button', { name: 'Kill' }).click();
    await until(() => inForce()[0], 'the fault of the second browser');
    await leader.getByRole('checkbox', { name: 'all may give commands' }).uncheck();
    await watcher.getByText('this one watches').waitFor();

    await watcher.reload();
    await same();
    // The connections of both browsers end, as when a laptop loses its network. Each one comes back by itself, and gets what it has missed, once.
    const before = await lines();
    for (const socket of sockets) socket.destroy();
    await send(leader, 'ask', { method: 'PUT' });
    await until(async () => (await lines()).length > before.length || undefined, 'the line that was missed');
    await same();
    expect(await lines()).toEqual([...before, 'bin/lab ask PUT']);
    expect((await watcher.goto(link))?.status()).toBe(200);
    await watcher.context().clearCookies();
    expect((await watcher.goto(link))?.status()).toBe(403);
    await other.close();
  });

  test('no other page can use the lab: another port of this address, another site, a name that was rebound, forms, frames, links', async () => {
    const { port } = foreign.address() as AddressInfo;
    const here = new URL(leader.url()).origin;
    const command = JSON.stringify({ verb: 'apply', args: { fault: 'kill', host: 'backend-1', options: {} } });
    // In the browser of the leader, so its cookie is there. 127.0.0.1 is one site whatever the port, and the other name is another site.
    const evil = await on.context.newPage();
    for (const there of [`http://127.0.0.1:${port}/`, `http://rebound.test:${port}/`]) {
      await evil.goto(there);
      const tried = await evil.evaluate(async ({ here, command }) => {
        const outcome = (answer: Promise<Response>): Promise<string> => answer.then(({ status, type }) => `${type} ${status}`, () => 'refused');
        const post = (init: RequestInit): Promise<string> => outcome(fetch(`${here}/act`, { method: 'POST', credentials: 'include', body: command, ...init }));
        const stream = new EventSource(`${here}/stream`, { withCredentials: true });
        const heard = new Promise<string>((resolve) => { stream.onmessage = () => { resolve('heard'); }; stream.onerror = () => { resolve('refused'); }; });
        return {
          text: await post({ mode: 'no-cors', headers: { 'content-type': 'text/plain' } }),
          json: await post({ headers: { 'content-type': 'application/json' } }),
          read: await outcome(fetch(`${here}/`, { credentials: 'include' })),
          stream: await heard,
        };
      }, { here, command });
      // The answers are hidden from the page in any case. The lab tells below that nothing has happened.
      expect(tried).toEqual({ text: 'refused', json: 'refused', read: 'refused', stream: 'refused' });
      await evil.setContent(`<form action="${here}/act" method="post" enctype="text/plain"><input name='${command.replace('}}}', '}},"a')}' value='":1}'></form>`);
      const [answer] = await Promise.all([evil.waitForResponse(`${here}/act`), evil.evaluate('document.forms[0].submit()')]);
      expect(answer.status()).toBe(403);
      await evil.waitForURL(`${here}/act`);
      await evil.goto(there);
      const framed = evil.waitForResponse(`${here}/`);
      await evil.setContent(`<iframe src="${here}/"></iframe>`);
      expect((await framed).status()).toBe(403);
      // A link on that page, also for the leader.
      await evil.setContent(`<a href="${here}/">here</a>`);
      const [followed] = await Promise.all([evil.waitForResponse(`${here}/`), evil.getByRole('link').click()]);
      expect(followed.status()).toBe(403);
    }
    expect((await evil.goto(here.replace('127.0.0.1', 'rebound.test')))?.status()).toBe(421);
    expect((await evil.goto(here.replace('127.0.0.1', 'localhost')))?.status()).toBe(421);
    await evil.close();
    expect(inForce()).toEqual([]);
    expect((await leader.goto(`${here}/`))?.headers()['content-security-policy']).toMatch(/^default-src 'none'; .*frame-ancestors 'none'$/);
    expect(await give('client', { name: 'sh -c "id {url}"', options: {} })).toMatchObject({ status: 400, error: expect.stringContaining('Unknown client') as string });
    expect(await give('argv', { host: 'client', argv: ['id'] })).toMatchObject({ status: 400, error: expect.stringContaining('Unknown command `argv`') as string });
  });

  test('keyboard and screen reader: the tabs, and no axe violation in any of them, in both themes', async () => {
    await leader.getByRole('tab', { name: 'Client' }).focus();
    for (const name of ['Faults', 'DNS', 'Client']) {
      await leader.keyboard.press('ArrowRight');
      expect(await leader.getByRole('tab', { name, selected: true }).count()).toBe(1);
      await leader.emulateMedia({ colorScheme: name === 'DNS' ? 'dark' : 'light' });
      expect(await violations(leader)).toEqual([]);
    }
    await leader.setViewportSize({ width: 320, height: 700 });
    expect(await leader.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(320);
    await leader.setViewportSize({ width: 1_300, height: 1_000 });
  });

  test('the session is saved as the folder of a run, with the options of its client', async () => {
    await give('client', { name: 'node-fetch', options: { keepAlive: 'off', timeoutMs: '5000' } });
    await press('Save the session');
    const shown = await leader.getByText('Saved to').textContent();
    const directory = /Saved to (\S+)/.exec(shown ?? '')?.[1] ?? '';
    expect(readdirSync(directory).sort()).toEqual(['events.ndjson', 'journal.json', 'timeline.html', 'wire.pcapng']);
    expect(JSON.parse(readFileSync(`${directory}/journal.json`, 'utf8'))).toMatchObject({ client: 'node-fetch', clientOptions: { keepAlive: false, timeoutMs: 5_000 } });
  });

  test('when the lab goes down, the page says so', async () => {
    isOver = true;
    await on.opened[Symbol.asyncDispose]();
    await leader.getByText('the lab is down').waitFor();
  });
});

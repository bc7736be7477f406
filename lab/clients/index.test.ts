/** Any client: commands, the protocol, and what goes wrong with either. */
import { describe, expect, test } from 'vitest';
import { check } from '../analysis/checks.ts';
import { findClients } from './find-client.ts';
import { clientNames, parseClient } from './index.ts';
import { netns } from '../network/drivers/netns.ts';
import type { FinishedRun } from '../run/journal.ts';
import { runScenario, type RunOptions } from '../run/run-scenario.ts';
import { defineScenario, type Stage } from '../run/scenario.ts';
import { localRuntime } from '../network/programs.ts';
import { describeWith } from '../testing/testing.ts';
import { webName, httpPort } from '../vocabulary/topology.ts';
import type { AddressedResult } from './stage-client.ts';

const words = { title: '', teaches: '', predict: '', explains: '', sources: [], reproduces: [] };

/** Runs a stimulus with a client; what it returns is handed back beside the journal. */
async function runWith<Data>(client: string, run: (stage: Stage) => Promise<Data>, more: Partial<RunOptions> = {}): Promise<FinishedRun & { data: Data | undefined }> {
  let data: Data | undefined;
  const scenario = defineScenario({ ...words, run: async (stage) => { data = await run(stage); }, checks: () => [check('it ran', true, '')], contract: () => [check('ours', false, 'not ours')] });
  const finished = await runScenario({ name: 'test', scenario, driver: netns, client, clientOptions: {}, seed: '1', signal: new AbortController().signal, ...more });
  return { ...finished, data };
}

/** A client in one line of JavaScript, where `id`, `method`, `url` and `timeoutMs` are the request's, and `say` writes a line. */
const speaker = (script: string): string => {
  const program = `const say = (message) => console.log(JSON.stringify(message));
require('readline').createInterface({ input: process.stdin }).on('line', (line) => { const { id, method, url, timeoutMs } = JSON.parse(line); ${script} })`;
  return `${process.execPath} --eval "${program.replace(/["\\$`]/g, '\\$&')}"`;
};

const twice = async ({ client }: Stage): Promise<AddressedResult[]> => [await client.get(), await client.get()];

describe('a --client', () => {
  test.each(clientNames)('%s is a name', (name) => {
    expect(parseClient(name).name).toBe(name);
  });

  test.each([
    ['curl -sS {url}', { asked: 'by arguments', argv: ['curl', '-sS', '{url}'] }],
    ['./client', { asked: 'over stdin', argv: ['./client'], saysReady: false }],
    ['python3 mine.py', { asked: 'over stdin', argv: ['python3', 'mine.py'], saysReady: false }],
  ])('%s is a command', (text, command) => {
    expect(parseClient(text)).toEqual({ name: text, command });
  });

  test.each(['curll', '', ' '])('%j is neither', (text) => {
    expect(() => parseClient(text)).toThrow(/^Unknown client `.*`\. Known: node-fetch, node-http, .*\bcurl, .* Or a command: 'curl -sS \{url\}'\.$/);
  });
});

describeWith(['netns', 'curl'], 'a command, one process a request', () => {
  test('has its words replaced, and is told of by the lab', async () => {
    const { journal, events, data } = await runWith('curl -sS -X {method} {url}', async ({ client }) => [await client.get(), await client.request('POST')]);
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', error: null, doubts: [], client: 'curl -sS -X {method} {url}', optionsNotApplied: [] });
    expect(data).toMatchObject([{ ok: true, status: null, address: expect.stringMatching(/^198\.51\.100\.1[123]$/) as string }, { ok: true }]);
    expect(events.flatMap((event) => (event.event === 'backend:request' && event.from === '198.51.100.200' ? [event.method] : []))).toEqual(['GET', 'POST']);
    expect(events.flatMap((event) => (event.witness === 'client' && event.tMs >= 0 ? [event.event] : []))).toEqual(['client:request', 'client:response', 'client:request', 'client:response']);
    expect(journal.findings.requests).toEqual({ sent: 2, ok: 2, failed: 0 });
  });

  test('that has no {method} can only GET', async () => {
    const { journal } = await runWith('curl -sS {url}', ({ client }) => client.request('POST'));
    expect(journal).toMatchObject({ status: 'failed', error: 'The client `curl -sS {url}` can only GET: the command has no {method} in it, and the scenario asks for POST.' });
  });

  test('that fails is a failed request: its exit status, and the last line it wrote to stderr', async () => {
    const { journal, data } = await runWith('curl -sS {url}', ({ client }) => client.get(`http://${webName}:${httpPort + 1}/`));
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', doubts: [] });
    expect(data).toMatchObject({ ok: false, address: null, error: expect.stringMatching(/^exit status 7: curl: \(7\) Failed to connect/) as string });
  });

  test('is killed at the limit of the request', async () => {
    const { journal, data, events } = await runWith(`sh -c 'exec sleep 60; : {url}'`, twice, { clientOptions: { timeoutMs: 200 } });
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data).toMatchObject([{ ok: false, error: 'TIMEOUT by the lab' }, { ok: false, error: 'TIMEOUT by the lab' }]);
    const [asked, ended] = ['client:request', 'client:error'].map((name) => events.find(({ event }) => event === name)?.tMs ?? NaN);
    expect((ended ?? NaN) - (asked ?? NaN)).toBeGreaterThanOrEqual(199);
  });

  test('is sent to no proxy', async () => {
    process.env['http_proxy'] = process.env['HTTP_PROXY'] = 'http://127.0.0.1:9/';
    try {
      expect((await runWith('curl -sS {url}', ({ client }) => client.get())).data).toMatchObject({ ok: true });
    } finally {
      delete process.env['http_proxy'];
      delete process.env['HTTP_PROXY'];
    }
  });

  test.each([
    ['no-such-client {url}', 'The client `no-such-client {url}` is not on the client\'s host.'],
    ['sh -c "no-such-client {url}"', 'The client `sh -c "no-such-client {url}"` could not be run: exit status 127; it wrote: sh: 1: no-such-client: not found.'],
  ])('%s is no client', async (client, error) => {
    const { journal } = await runWith(client, ({ client: it }) => it.get());
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown', error });
  });
});

describeWith('netns', 'a client that speaks the protocol', () => {
  test('is asked over stdin, on one process', async () => {
    const { journal, data } = await runWith(speaker('say({ id, status: 201, body: `Hello, World from ${process.pid} by ${method} ` + url + ` ${timeoutMs}` })'), twice);
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', doubts: [] });
    expect(data).toMatchObject([{ ok: true, status: 201, body: expect.stringMatching(/by GET http:\/\/web\.lab\.test:8080\/ undefined$/) as string }, { ok: true }]);
    expect(data?.[0]?.address).toBe(data?.[1]?.address);
  });

  test('gets a process for each request where nothing is to be kept, and the limit of the request', async () => {
    const { data } = await runWith(speaker('say({ id, status: 200, body: `Hello, World from ${process.pid} ${timeoutMs}` })'), twice, { clientOptions: { keepAlive: false, timeoutMs: 700 } });
    expect(data?.[0]?.address).not.toBe(data?.[1]?.address);
    expect(data?.[0]).toMatchObject({ body: expect.stringMatching(/ 700$/) as string });
  });

  test('may answer several requests at once, in any order, with events of its own', async () => {
    const script = `say({ event: 'client:dns-start', atMs: Number(process.hrtime.bigint()) / 1e6, request: id, lookup: id, name: 'x', family: 0, resolver: 'its own' }); setTimeout(() => id === 2 ? say({ id, error: 'EHOSTUNREACH', causes: ['a', 'b'] }) : say({ id, status: 200 }), 100 / id);`;
    const { data, events } = await runWith(speaker(script), ({ client }) => Promise.all([client.get(), client.get(), client.get()]));
    expect(data).toEqual([
      { ok: true, status: 200, body: '', address: null },
      { ok: false, error: 'EHOSTUNREACH', causes: ['a', 'b'], address: null },
      { ok: true, status: 200, body: '', address: null },
    ]);
    const lookups = events.filter(({ event }) => event === 'client:dns-start');
    expect(lookups).toHaveLength(3);
    expect(lookups.every(({ tMs }) => tMs > 0 && tMs < 5_000)).toBe(true);
  });

  test('that does not keep the limit is ended and started again', async () => {
    const { journal, data } = await runWith(speaker('if (id === 2) say({ id, status: 200, body: `Hello, World from me` })'), twice, { clientOptions: { timeoutMs: 100 } });
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data).toMatchObject([{ ok: false, error: 'TIMEOUT by the lab' }, { ok: true, address: 'me' }]);
  });

  test.each([
    ['dies', 'console.error("boom"); process.exit(9);', /^The client `[^]*` ended: exit status 9; it wrote: boom\. A command that gets the URL as a word has \{url\} in it/],
    ['is killed', 'process.kill(process.pid, "SIGSEGV");', /^The client `[^]*` ended: SIGSEGV[.;]/],
    ['writes garbage', 'console.log("boo");', /^Expected the client `[^]*` to write the protocol's JSON lines \(docs\/clients\.md\), got `boo`\.$/],
    ['answers what nobody asked', 'say({ id: 99, status: 200 });', /got `\{"id":99,"status":200\}`\.$/],
    ['answers nothing', 'say({ id });', /got `\{"id":1\}`\.$/],
    ['speaks for the lab', "say({ event: 'client:response', atMs: 1, request: 1, body: '' });", /got `\{"event":"client:response".*`\.$/],
    ['speaks for a fault', "say({ event: 'fault:verified', atMs: 1, fault: 'x', observed: 'y' });", /got `\{"event":"fault:verified".*`\.$/],
  ])('and %s has failed the run, with one clear message', async (_, script, message) => {
    const { journal } = await runWith(speaker(script), twice);
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown' });
    expect(journal.error).toMatch(message);
    expect(journal.doubts).toHaveLength(1);
  });
});

describeWith('netns', 'what only our own client can be told', () => {
  test('is named in the journal, once', async () => {
    const { journal } = await runWith(
      speaker('say({ id, status: 200 })'),
      async ({ startClient }) => { for (const family of [4, 6] as const) await (await startClient({ family, timeoutMs: 1_000 })).get(); },
    );
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', optionsNotApplied: ['family'] });
  });

  test('is applied to ours', async () => {
    const { journal } = await runWith('node-fetch', ({ startClient }) => startClient({ family: 4 }));
    expect(journal).toMatchObject({ verdict: 'fail', optionsNotApplied: [] });
  });
});

describe('the list of clients', () => {
  test('has a version of each that is there, and how to get each that is not', async () => {
    const nothing = { run: () => Promise.resolve({ exitCode: 127, stdout: '', stderr: 'not found' }), ...localRuntime };
    const listed = await findClients(nothing);
    expect(listed.map(({ name }) => name)).toEqual(clientNames);
    expect(listed.filter(({ version }) => version !== null).map(({ name }) => name)).toEqual(['node-fetch', 'node-http']);
    expect(listed.filter(({ version }) => version === null).every(({ reason }) => (reason ?? '').length > 5)).toBe(true);
  });
});

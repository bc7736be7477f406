/** Clients that are not ours: commands, clients that speak the protocol, and the errors of both. */
import { describe, expect, test } from 'vitest';
import { goOwn } from '../../client/external/go.ts';
import { profiles } from '../../client/external/index.ts';
import type { Profile } from '../../client/external/profile.ts';
import { clientHost, findClients, prepareClient } from './find-client.ts';
import { clientNames, parseClient } from './index.ts';
import { localRuntime } from '../network/programs.ts';
import { netns } from '../network/drivers/netns.ts';
import type { Host } from '../network/drivers/driver.ts';
import { runWith, speaker, twice } from '../testing/client-runs.ts';
import { describeWith, until } from '../testing/testing.ts';
import { LabError } from '../vocabulary/errors.ts';
import { createTopology, webName, httpPort } from '../vocabulary/topology.ts';

describe('the value of --client', () => {
  test.each(clientNames)('%s is the name of a client', (name) => {
    expect(parseClient(name).name).toBe(name);
  });

  test.each([
    ['curl -sS {url}', { asked: 'by arguments', argv: ['curl', '-sS', '{url}'] }],
    ['./client', { asked: 'over stdin', argv: ['./client'], saysReady: false }],
    ['python3 mine.py', { asked: 'over stdin', argv: ['python3', 'mine.py'], saysReady: false }],
  ])('%s is a command', (text, command) => {
    expect(parseClient(text)).toEqual({ name: text, command });
  });

  test.each([
    ['axios?timeout=1000', 'axios?timeout=1000', { timeout: 1000 }],
    // One name for one variant, in whatever order its options are written.
    ['axios?adapter=fetch&timeout=0500', 'axios?timeout=500&adapter=fetch', { timeout: 500, adapter: 'fetch' }],
  ])('%s is a client with options', (text, name, options) => {
    expect(parseClient(text)).toMatchObject({ name, base: 'axios', options });
  });

  test.each(Object.entries(profiles as Record<string, Profile>).flatMap(([name, { timeouts }]) => (timeouts === undefined ? [] : [`${name}?${timeouts}`])))('%s has the time limits of its profile', (text) => {
    expect(parseClient(text).name).toBe(text);
  });

  test.each([
    ['axios?timeot=1', 'the client `axios` has no `timeot`. It has: timeout, adapter. Did you mean `timeout`?'],
    ['axios?timeout=x', 'Expected `timeout` of the client `axios` to be a whole number, 0 or more, got `x`.'],
    ['axios?timeout', 'Expected options as key=value behind `axios?`, with & between them, got `timeout`. It has: timeout, adapter.'],
    ['axios?', 'Expected options as key=value behind `axios?`, with & between them, got ``. It has: timeout, adapter.'],
    ['axios?timeout=1&timeout=2', '`timeout` stands twice behind `axios?`. Expected each option once.'],
    ['wget?x=1', 'Expected the name `wget` alone, because this client has no options. Got `wget?x=1`.'],
    ['node-fetch?x=1', '`node-fetch` takes no options behind its name. It takes them by --set key=value. Got `node-fetch?x=1`.'],
  ])('%s is refused with a message', (text, message) => {
    expect(() => parseClient(text)).toThrow(expect.objectContaining({ code: 'BAD_INPUT', message }));
  });

  test.each([
    ['curll', /'\. Did you mean `curl`\?$/],
    ['', /'\.$/],
    [' ', /'\.$/],
  ])('%j is neither a name nor a command', (text, end) => {
    expect(() => parseClient(text)).toThrow(/^Unknown client `.*`\. Known: node-fetch, node-http, .*\bcurl, .* Or a command: 'curl -sS \{url\}'\./);
    expect(() => parseClient(text)).toThrow(end);
  });
});

describeWith(['netns', 'curl'], 'a command that runs once for each request', () => {
  test('gets URL and method in its words, and the lab reports its requests and responses', async () => {
    const { journal, events, data } = await runWith('curl -sS -X {method} {url}', async ({ client }) => [await client.get(), await client.request('POST')]);
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', error: null, doubts: [], client: 'curl -sS -X {method} {url}', optionsNotApplied: [] });
    expect(data).toMatchObject([{ ok: true, status: null, address: expect.stringMatching(/^198\.51\.100\.1[123]$/) as string }, { ok: true }]);
    expect(events.flatMap((event) => (event.event === 'backend:request' && event.from === '198.51.100.200' ? [event.method] : []))).toEqual(['GET', 'POST']);
    expect(events.flatMap((event) => (event.witness === 'client' && event.tMs >= 0 ? [event.event] : []))).toEqual(['client:request', 'client:response', 'client:request', 'client:response']);
    expect(journal.findings.requests).toEqual({ sent: 2, ok: 2, failed: 0 });
  });

  test('can only GET if it has no {method}', async () => {
    const { journal } = await runWith('curl -sS {url}', ({ client }) => client.request('POST'));
    expect(journal).toMatchObject({ status: 'failed', error: 'The client `curl -sS {url}` can only GET: the command has no {method} in it, and the scenario asks for POST. Put {method} where the command takes the method, as in curl -X {method} {url}.' });
  });

  test('that fails is a failed request, with its exit status and the last line of its stderr as the error', async () => {
    const { journal, data } = await runWith('curl -sS {url}', ({ client }) => client.get(`http://${webName}:${httpPort + 1}/`));
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', doubts: [] });
    expect(data).toMatchObject({ ok: false, address: null, error: expect.stringMatching(/^exit status 7: curl: \(7\) Failed to connect/) as string });
  });

  test('is killed when the time limit of the request is over', async () => {
    const { journal, data, events } = await runWith(`sh -c 'exec sleep 60; : {url}'`, twice, { clientOptions: { timeoutMs: 200 } });
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data).toMatchObject([{ ok: false, error: 'TIMEOUT by the lab' }, { ok: false, error: 'TIMEOUT by the lab' }]);
    const [asked, ended] = ['client:request', 'client:error'].map((name) => events.find(({ event }) => event === name)?.tMs ?? NaN);
    expect((ended ?? NaN) - (asked ?? NaN)).toBeGreaterThanOrEqual(199);
  });

  test('does not use the proxy of this machine’s environment', async () => {
    process.env['http_proxy'] = process.env['HTTP_PROXY'] = 'http://127.0.0.1:9/';
    try {
      expect((await runWith('curl -sS {url}', ({ client }) => client.get())).data).toMatchObject({ ok: true });
    } finally {
      delete process.env['http_proxy'];
      delete process.env['HTTP_PROXY'];
    }
  });

  test.each([
    ['no-such-client {url}', /^The client `no-such-client \{url\}` is not on the client's host\. Expected a program of this name on the PATH: `no-such-client`\. Install it there, or correct its name\.$/],
    ['./no-such-client {url}', /is not on the client's host\. Expected a program at this path, .*: `\.\/no-such-client`\. /],
    ['sh -c "no-such-client {url}"', /^The client `sh -c "no-such-client \{url\}"` could not be run: exit status 127; it wrote: sh: 1: no-such-client: not found\. It ran in an empty folder of its own\. .*\$LAB_USER_FOLDER is that folder\.$/],
  ])('%s cannot be run: the error says why, and what to do', async (client, error) => {
    const { journal } = await runWith(client, ({ client: it }) => it.get());
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown', error: expect.stringMatching(error) as string });
  });
});

describeWith('netns', 'a client that speaks the protocol', () => {
  test('gets all requests on the stdin of one process', async () => {
    const { journal, data } = await runWith(speaker('say({ id, status: 201, body: [process.pid, method, url, timeoutMs].join(` `) })'), twice);
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', doubts: [] });
    const [first, second] = data ?? [];
    expect(first).toMatchObject({ ok: true, status: 201, body: expect.stringMatching(/^\d+ GET http:\/\/web\.lab\.test:8080\/ $/) as string });
    expect(second).toEqual(first);
  });

  test('gets a process for each request if keepAlive is off, and gets the time limit of the request', async () => {
    const { data } = await runWith(speaker('say({ id, status: 200, body: `${process.pid} ${timeoutMs}` })'), twice, { clientOptions: { keepAlive: false, timeoutMs: 700 } });
    const bodies = (data ?? []).map((result) => (result.ok ? result.body : ''));
    expect(bodies).toEqual([expect.stringMatching(/^\d+ 700$/), expect.stringMatching(/^\d+ 700$/)]);
    expect(bodies[0]).not.toBe(bodies[1]);
  });

  test('may answer several requests at the same time, in any order, and write events of its own', async () => {
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

  test('is ended and started again if it does not keep the time limit', async () => {
    const { journal, data } = await runWith(speaker('if (id === 2) say({ id, status: 200, body: `${process.pid}` })'), twice, { clientOptions: { timeoutMs: 100 } });
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data).toMatchObject([{ ok: false, error: 'TIMEOUT by the lab' }, { ok: true }]);
  });

  test.each([
    ['exits', 'console.error("boom"); process.exit(9);', /^The client `[^]*` ended: exit status 9; it wrote: boom\. Expected it to answer one line after the other until its stdin ends .* A command that gets the URL as a word has \{url\} in it\. It ran in an empty folder/],
    ['is killed', 'process.kill(process.pid, "SIGSEGV");', /^The client `[^]*` ended: SIGSEGV[.;]/],
    ['writes garbage', 'console.log("boo");', /^Expected the client `[^]*` to write the protocol's JSON lines and nothing else to stdout \(docs\/clients\.md\), got `boo`\. Write other text to stderr\.$/],
    ['answers a request that was not made', 'say({ id: 99, status: 200 });', /got `\{"id":99,"status":200\}`\. /],
    ['answers without a result', 'say({ id });', /got `\{"id":1\}`\. /],
    ['writes an event that only the lab may write', "say({ event: 'client:response', atMs: 1, request: 1, body: '' });", /got `\{"event":"client:response".*`\. /],
    ['writes an event of a fault', "say({ event: 'fault:verified', atMs: 1, fault: 'x', observed: 'y' });", /got `\{"event":"fault:verified".*`\. /],
  ])('fails the run with one clear message if it %s', async (_, script, message) => {
    const { journal } = await runWith(speaker(script), twice);
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown' });
    expect(journal.error).toMatch(message);
    expect(journal.doubts).toHaveLength(1);
  });
});

describeWith('netns', 'an option that only our own client has', () => {
  test('is named once in the journal when another client runs', async () => {
    const { journal } = await runWith(
      speaker('say({ id, status: 200 })'),
      async ({ startClient }) => { for (const family of [4, 6] as const) await (await startClient({ family, timeoutMs: 1_000 })).get(); },
    );
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', optionsNotApplied: ['family'] });
  });

  test('is applied to our own client', async () => {
    const { journal } = await runWith('node-fetch', ({ startClient }) => startClient({ family: 4 }));
    expect(journal).toMatchObject({ verdict: 'fail', optionsNotApplied: [] });
  });
});

describeWith('netns', 'a command of a client that does not end', () => {
  test('is killed at its own limit, with one clear message, and the host still works', async () => {
    await using network = await netns.start(createTopology());
    const host = network.host('client');
    // Other processes of this machine may sleep, too.
    const build = `sleep 600.${process.pid}`;
    const found = { version: '1', program: { asked: 'by arguments', argv: ['true'] }, prepare: ['sh', '-c', `echo building; exec ${build}`] } as const;
    await expect(prepareClient(clientHost(network), 'slow', found, 300)).rejects.toMatchObject({
      code: 'TIME_LIMIT', message: `\`sh -c echo building; exec ${build}\` on client did not end within 0.3 s. Run it by hand to see why.`,
    });
    expect((await host.run(['true'])).exitCode).toBe(0);
    await until(async () => ((await host.run(['sh', '-c', 'cat /proc/[0-9]*/cmdline'])).stdout.includes(build.replace(' ', '\0')) ? undefined : true), 'the end of the build');
  });

  test('has a limit of its own: it is not run through the shell that the lab itself needs on that host', async () => {
    const asked: string[] = [];
    const host: Pick<Host, 'name' | 'start' | 'run'> = {
      name: 'client',
      run: () => Promise.reject(new Error('the shell is for the lab')),
      start: (argv) => {
        asked.push(argv.join(' '));
        return Promise.resolve({ pid: 1, onLine: (listener) => { listener('go version go1.2.3 linux/amd64'); }, send: () => undefined, signal: () => Promise.resolve(), state: () => Promise.resolve('S'), exited: Promise.resolve({ code: 0, signal: null, stderr: '' }) });
      },
    };
    const network = { host: () => host as Host, runtime: localRuntime };
    const found = await goOwn.find(clientHost(network));
    if (found) await prepareClient(clientHost(network), 'go', found);
    expect(asked).toEqual(['go version', expect.stringContaining('go build')]);
  });
});

describe('the list of clients', () => {
  test('has every client, also if one of them hangs when it is asked for its version', async () => {
    const hanging = { run: (argv: readonly string[]) => (argv[0] === 'go' ? Promise.reject(new LabError('TIME_LIMIT', '`go version` on client did not end within 30 s.')) : Promise.resolve({ exitCode: 0, stdout: '1.2.3', stderr: '' })), ...localRuntime };
    const listed = await findClients(hanging, 'netns');
    expect(listed.map(({ name }) => name)).toEqual(clientNames);
    expect(listed.find(({ name }) => name === 'go')).toEqual({ name: 'go', version: null, reason: '`go version` on client did not end within 30 s.' });
    expect(listed.find(({ name }) => name === 'curl')?.version).toBe('1.2.3');
  });

  test('has the version of each client that was found, and the way to install each other client', async () => {
    const nothing = { run: () => Promise.resolve({ exitCode: 127, stdout: '', stderr: 'not found' }), ...localRuntime };
    const listed = await findClients(nothing, 'netns');
    expect(listed.map(({ name }) => name)).toEqual(clientNames);
    expect(listed.filter(({ version }) => version !== null).map(({ name }) => name)).toEqual(['node-fetch', 'node-http']);
    expect(listed.filter(({ version }) => version === null).every(({ reason }) => (reason ?? '').length > 5)).toBe(true);
  });
});

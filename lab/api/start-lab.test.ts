/** A lab in somebody's tests: what it shows, what it refuses to show, and its end. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { describeWith, fixtureArgv, isAlive, localProcess, until, whyMissing } from '../testing/testing.ts';
import { faults } from './faults.ts';
import { LabError, startLab, type StartedLab } from './index.ts';
import { scenarios } from './scenarios.ts';

/** The processes that a process has started, and those that they have started, as this machine numbers them. */
async function descendants(pid: number): Promise<number[]> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')).split(' ').filter(Boolean).map(Number);
  return [...children, ...(await Promise.all(children.map(descendants))).flat()];
}

const allEnded = (pids: readonly number[]): Promise<true> =>
  until(async () => ((await Promise.all(pids.map(isAlive))).some(Boolean) ? undefined : true), 'the end of all processes of the lab');

const silenced = async (lab: StartedLab): Promise<void> => { await Promise.all(lab.backends.map((backend) => lab.apply('blackhole', backend))); };

describeWith('netns', 'a lab in a test', () => {
  test('a client falls back from a silent family, and the findings say after how long', async () => {
    await using lab = await startLab();
    expect(lab.backends).toEqual(['backend-1', 'backend-2', 'backend-3']);
    expect(lab.url).toBe('http://web.lab.test:8080/');
    await lab.dns.aaaa(true);
    const client = await lab.client('node-http', { attemptDelayMs: 300 });
    for (const backend of lab.backends) await lab.apply('blackhole', backend, { family: 6 });
    const answer = await client.get();
    expect(answer).toMatchObject({ ok: true, status: 200 });
    const { requests, fallbackDelayMs } = lab.findings();
    expect(requests).toEqual({ sent: 1, ok: 1, failed: 0 });
    // Node's timer for the next attempt: 300 ms. It is late on a busy machine, and never early by more than the rounding.
    expect(fallbackDelayMs).toBeGreaterThan(298);
    expect(lab.events.every(({ tMs }) => tMs >= 0)).toBe(true);
    expect(lab.events.map(({ event }) => event)).toContain('wire:syn');
  });

  test('a lab over HTTPS: a client is told nothing of it, a fault of TLS is seen, and a lab over HTTP refuses both', async () => {
    await using lab = await startLab({ topology: { https: true } });
    expect(lab.url).toBe('https://web.lab.test:8443/');
    const client = await lab.client();
    expect(await client.get()).toMatchObject({ ok: true, status: 200 });
    expect(lab.findings()).toMatchObject({ tlsHandshakes: 1, resumed: 0, streamsPerConnection: [] });
    // The client's own trace, and the backend's log.
    for (const event of ['client:tls-done', 'backend:tls', 'wire:tls-done']) expect(lab.events.map((each) => each.event)).toContain(event);
    await client.stop();
    if (whyMissing('ruby') === null) await expect(lab.client('ruby', { http: '2' })).rejects.toThrow('Expected a client that speaks HTTP/2, because `http=2` asks for it, got `ruby`, which cannot.');
    for (const backend of lab.backends) await lab.apply('tls-certificate', backend, { kind: 'expired' });
    const next = await lab.client();
    expect(await next.get()).toMatchObject({ ok: false, error: 'CERT_HAS_EXPIRED' });
    await using plain = await startLab();
    await expect(plain.client('node-fetch', { scheme: 'https' })).rejects.toThrow('Expected a lab over HTTPS for scheme=https, and this one speaks HTTP.');
    await expect(plain.apply('tls-stall', 'backend-1')).rejects.toThrow('The fault tls-stall needs TLS. Expected a lab with scheme=https, got one with scheme=http.');
  });

  test('two labs side by side have faults of their own, and a seed repeats the answers', async () => {
    const labs = await Promise.all([startLab({ seed: 7 }), startLab({ seed: 7 })]);
    onTestFinished(async () => { for (const lab of labs) await lab[Symbol.asyncDispose](); });
    const [one, other] = labs;
    const clients = await Promise.all([one.client('node-fetch', { keepAlive: false }), other.client('node-fetch', { keepAlive: false })]);
    const addresses = await Promise.all(clients.map(async (client) => {
      const answers = [];
      for (let count = 0; count < 8; count++) answers.push((await client.get()).address);
      return answers;
    }));
    expect(new Set(addresses[0]).size).toBeGreaterThan(1);
    expect(addresses[0]).toEqual(addresses[1]);
    await Promise.all(one.backends.map((backend) => one.apply('stop', backend)));
    expect((await Promise.all(clients.map((client) => client.get()))).map(({ ok }) => ok)).toEqual([false, true]);
  });

  test('a command is a client: by its argv, by its words, and as a process that stays; their requests have numbers of their own', async () => {
    await using lab = await startLab();
    const byArgv = await lab.client(['sh', '-c', 'echo "answered $0"', '{url}']);
    expect(await byArgv.get()).toMatchObject({ ok: true, body: 'answered http://web.lab.test:8080/' });
    const stays = await lab.client(['node', 'client/external/programs/node_http.mjs']);
    expect(await stays.get()).toMatchObject({ ok: true, status: 200 });
    expect(lab.findings().byRequest).toHaveLength(2);
    for (const [words, message] of [['crul {url}', 'crul'], ['curll', 'Did you mean `curl`?'], [[], 'empty list']] as const) {
      await expect(lab.client(words)).rejects.toThrow(message);
    }
    await expect(lab.client('node-http', { keepalive: false } as object)).rejects.toThrow('keepalive');
    await expect(lab.client('curl', { family: 4 })).rejects.toThrow('`family` is an option of our own client');
  });

  test('a doubt throws where the findings are read, unless they are asked for all the same', async () => {
    await using lab = await startLab();
    const client = await lab.client();
    await client.get();
    expect(lab.findings().requests.ok).toBe(1);
    // The process that captures the packets ends, and nobody has asked for it.
    const commands = await Promise.all((await descendants(process.pid)).map(async (pid) => ({ pid, words: (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0') })));
    const capture = commands.find(({ words }) => words[0] === localRuntime.node && words[1]?.includes('services/capture/main'));
    if (!capture) throw new Error(`Expected the process of the capture, found ${commands.map(({ words }) => words.join(' ')).join('\n')}`);
    process.kill(capture.pid, 'SIGKILL');
    await until(() => (lab.doubts.length > 0 ? true : undefined), 'a doubt');
    expect(() => lab.findings()).toThrow(/^The findings may be wrong: .*the capture/);
    expect(lab.findings({ withDoubts: true }).requests.ok).toBe(1);
  });

  test('the signal takes the lab down: what waits for it fails, and no process is left', async () => {
    const over = new AbortController();
    const lab = await startLab({ signal: over.signal });
    const client = await lab.client(['node', '--eval', 'http.get(process.argv[1])', '{url}']);
    const pids = await descendants(process.pid);
    expect(pids.length).toBeGreaterThan(7);
    await silenced(lab);
    const waiting = client.get();
    await until(() => (lab.events.some(({ event }) => event === 'wire:syn') ? true : undefined), 'a request under way');
    over.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await allEnded(pids);
    await expect(client.get()).rejects.toMatchObject({ code: 'INTERRUPTED' });
    await expect(startLab({ signal: over.signal })).rejects.toBeInstanceOf(LabError);
  });

  test('after its end the lab says so, and a second end is none', async () => {
    const lab = await startLab();
    const pids = await descendants(process.pid);
    await lab[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
    await allEnded(pids);
    await expect(lab.client()).rejects.toMatchObject({ code: 'NO_LAB' });
  });

  test.for(['SIGINT', 'SIGKILL'] as const)('%s to the process with the lab: nothing is left', async (signal) => {
    const runner = localProcess(fixtureArgv('lab/api/test-process.fixture.ts'));
    const up = new Promise<void>((resolve) => { runner.onLine((line) => { if (line === 'up') resolve(); }); });
    await Promise.race([up, runner.exited.then(({ stderr }) => Promise.reject(new Error(stderr)))]);
    const pids = await descendants(runner.pid);
    expect(pids.length).toBeGreaterThan(7);
    process.kill(runner.pid, signal);
    await runner.exited;
    await allEnded(pids);
  });
});

test('the tables say what is in the lab', () => {
  expect(faults.blackhole.options['family']).toEqual({ doc: expect.any(String) as string, expected: 'one of 0, 4, 6', default: 0 });
  expect(Object.keys(scenarios)).toContain('all-down');
  expect(scenarios['all-down'].title).toContain('every backend is down');
});

test('`exports` of package.json names the files of lab/api', () => {
  const { exports } = JSON.parse(readFileSync('package.json', 'utf8')) as { exports: Record<string, string | { default: string }> };
  const files = Object.values(exports).flatMap((entry) => (typeof entry === 'string' ? [] : [entry.default.replace(/^\.\/dist\/(.*)\.cjs$/, '$1.ts')]));
  expect(files).toEqual(['lab/api/index.ts', 'lab/api/faults.ts', 'lab/api/scenarios.ts']);
  for (const file of files) readFileSync(file);
});

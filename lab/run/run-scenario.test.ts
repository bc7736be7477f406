/** Runs that go wrong in different ways: what the journal says, and that no process is left behind. */
import { describe, expect, test } from 'vitest';
import { check } from '../analysis/checks.ts';
import type { Driver, HostProcess } from '../network/drivers/driver.ts';
import { netns } from '../network/drivers/netns.ts';
import { LabError } from '../vocabulary/errors.ts';
import type { FinishedRun } from './journal.ts';
import { runScenario, type RunOptions } from './run-scenario.ts';
import { defineScenario, type Scenario, type Stage } from './scenario.ts';
import { describeWith, driverWith, fixtureArgv, isAlive, localProcess, until, type HostChange } from '../testing/testing.ts';
import { isBackend } from '../vocabulary/topology.ts';

const words = { title: '', teaches: '', predict: '', explains: '', sources: [] };
const holds = () => [check('it holds', true, 'it')];
const scenario = (run: (stage: Stage) => Promise<unknown>, more: Partial<Scenario> = {}): Scenario => defineScenario({ ...words, run, checks: holds, ...more });

interface Watched extends FinishedRun {
  /** The pids of all processes that were started on a host. */
  pids: number[];
}

/** Runs a scenario on the netns driver and records which processes it starts. */
async function runWatched(what: Scenario, more: Partial<RunOptions> = {}, change: HostChange = () => ({})): Promise<Watched> {
  const pids: number[] = [];
  const driver = driverWith(netns, (host) => {
    const changed = { ...host, ...change(host) };
    return {
      ...changed,
      start: async (argv) => {
        const started = await changed.start(argv);
        pids.push(started.pid);
        return started;
      },
    };
  });
  const finished = await runScenario({
    name: 'test', scenario: what, driver, client: 'node-fetch', clientOptions: {}, seed: '1', signal: new AbortController().signal, ...more,
  });
  return { ...finished, pids };
}

const survivors = async (pids: number[]): Promise<boolean[]> => (await Promise.all(pids.map(isAlive))).filter(Boolean);

describeWith('netns', 'a run', () => {
  test('passes if all goes well, and the journal has its settings', async () => {
    const { journal, events, pids } = await runWatched(scenario(({ client }) => client.get()), { client: 'node-http', seed: '7', clientOptions: { family: 4 } });
    expect(journal).toMatchObject({
      scenario: 'test', driver: 'netns', client: 'node-http', seed: 7, status: 'completed', verdict: 'pass', error: null, doubts: [],
      clientOptions: { transport: 'http', family: 4, keepAlive: true },
      checks: [{ text: 'it holds', verdict: 'pass', observed: 'it' }],
      findings: { requests: { sent: 1, ok: 1, failed: 0 }, dnsQueries: { A: 1, AAAA: 0 } },
    });
    expect(journal.durationMs).toBeGreaterThanOrEqual(journal.setupMs ?? Infinity);
    expect(events.map(({ tMs }) => tMs)).toEqual(events.map(({ tMs }) => tMs).toSorted((a, b) => a - b));
    // Zero is the start of the stimulus. The first request comes after it, and the set-up before it.
    expect(events.find(({ event }) => event === 'client:request')?.tMs).toBeGreaterThanOrEqual(0);
    expect(events.some(({ tMs }) => tMs < 0)).toBe(true);
    // DNS, three backends, observer, capture, client.
    expect(pids).toHaveLength(7);
    expect(await survivors(pids)).toEqual([]);
  });

  test('gives the same DNS answers again with the same seed', async () => {
    const answers = async (seed: string): Promise<string[][]> => {
      const { events } = await runWatched(scenario(async ({ client }) => { for (let round = 0; round < 8; round++) await client.get(); }), { seed, clientOptions: { keepAlive: false } });
      return events.flatMap((event) => (event.event === 'dns:answer' && event.type === 'A' && event.name.startsWith('web') ? [event.addresses] : []));
    };
    const [first, again, other] = await Promise.all([answers('1'), answers('1'), answers('2')]);
    expect(first).toHaveLength(8);
    expect(again).toEqual(first);
    expect(other).not.toEqual(first);
  });

  test('fails if a check does not hold', async () => {
    const { journal } = await runWatched(scenario(({ client }) => client.get(), { contract: () => [check('pinned', false, 'other')] }));
    expect(journal).toMatchObject({ status: 'completed', verdict: 'fail' });
  });

  test('is unknown if a fault has no effect, whatever the checks say', async () => {
    const numb: HostChange = (host) => (isBackend(host.name) ? { run: () => Promise.resolve({ exitCode: 0, stdout: '', stderr: '' }) } : {});
    const { journal, events } = await runWatched(scenario(({ apply }) => apply('blackhole', 'backend-1')), {}, numb);
    expect(journal).toMatchObject({ status: 'completed', verdict: 'unknown', checks: [{ verdict: 'pass' }] });
    expect(journal.doubts).toEqual(['blackhole backend-1 showed no effect: IPv4 connected, IPv6 connected']);
    expect(events.some(({ event }) => event === 'fault:unverified')).toBe(true);
  });

  test('is unknown if a backend ends by itself', async () => {
    let victim: HostProcess | undefined;
    const { journal, events } = await runWatched(
      scenario(async ({ until: waitFor }) => {
        await victim?.signal('SIGKILL');
        await waitFor(({ event }) => event === 'lab:process-trouble', 10_000);
      }),
      {},
      (host) => (host.name === 'backend-2' ? { start: async (argv) => (victim = await host.start(argv)) } : {}),
    );
    expect(journal).toMatchObject({ status: 'completed', verdict: 'unknown', doubts: [expect.stringMatching(/^backend-2 ended: SIGKILL/)] });
    expect(events.some((event) => event.event === 'lab:process-trouble' && event.process === 'backend-2')).toBe(true);
  });

  test('has failed if the scenario throws: the journal has the error, and no process is left', async () => {
    const { journal, pids } = await runWatched(scenario(() => Promise.reject(new RangeError('no such luck'))));
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown', error: 'no such luck', checks: [] });
    expect(await survivors(pids)).toEqual([]);
  });

  test('has failed if the scenario names an unknown fault: the error lists the known faults', async () => {
    const { journal } = await runWatched(scenario(({ apply }) => apply('blackhoel', 'backend-1')));
    expect(journal).toMatchObject({ status: 'failed', error: expect.stringMatching(/^Unknown fault `blackhoel`\. Known: noop, /) as string });
  });

  test('has failed if a check throws, and runScenario does not throw', async () => {
    const { journal, pids } = await runWatched(scenario(({ client }) => client.get(), { checks: () => { throw new TypeError('not a number'); } }));
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown', error: 'not a number', findings: { requests: { ok: 1 } } });
    expect(await survivors(pids)).toEqual([]);
  });

  test('has failed if it does not end within its limit, and no process is left, although a fault is still in force', async () => {
    const limitMs = 400;
    const { journal, pids } = await runWatched(scenario(async ({ apply, wait }) => { await apply('pause', 'backend-1'); await wait(600_000); }, { limitMs }));
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown', error: `The scenario did not end within ${limitMs} ms.` });
    expect(await survivors(pids)).toEqual([]);
  });

  test.each(['while it runs', 'during set-up', 'before it begins'])('is interrupted if it is aborted %s, and no process is left', async (when) => {
    const controller = new AbortController();
    const abort = (): void => { controller.abort('SIGINT'); };
    if (when === 'before it begins') abort();
    const { journal, pids } = await runWatched(
      scenario(async ({ wait }) => {
        setImmediate(abort);
        await wait(600_000);
      }),
      { signal: controller.signal },
      (host) => (when === 'during set-up' ? { start: (argv) => { setTimeout(abort, 20); return host.start(argv); } } : {}),
    );
    expect(journal).toMatchObject({ status: 'interrupted', verdict: 'unknown', error: 'Interrupted by SIGINT.' });
    await until(async () => ((await survivors(pids)).length === 0 ? true : undefined), 'the end of every process');
  });

  test('has failed if the client crashes: the error has its exit status and its stderr', async () => {
    const { journal, pids } = await runWatched(scenario(({ client }) => client.get()), {}, (host) =>
      host.name === 'client' ? { start: (argv) => host.start(argv.some((word) => word.includes('client/main.')) ? [process.execPath, '--eval', 'console.log(\'{"ready":true}\'); process.stdin.once("data", () => { console.error("boom"); process.exit(9); })'] : argv) } : {},
    );
    expect(journal).toMatchObject({ status: 'failed', error: 'the client ended: exit status 9; it wrote: boom.' });
    expect(journal.doubts).toEqual(['the client ended: exit status 9; it wrote: boom']);
    expect(await survivors(pids)).toEqual([]);
  });

  test('has failed if the client writes a line that is not JSON: the error has the line', async () => {
    const { journal } = await runWatched(scenario(({ client }) => client.get()), {}, (host) =>
      host.name === 'client' ? { start: () => host.start([process.execPath, '--eval', 'console.log(\'{"ready":true}\'); process.stdin.once("data", () => console.log("boo"))']) } : {},
    );
    expect(journal).toMatchObject({ status: 'failed', error: 'Expected the client to write JSON lines, got `boo`.' });
  });

  test('has failed if a server does not start: the error has its stderr', async () => {
    const { journal, pids } = await runWatched(scenario(({ client }) => client.get()), {}, (host) =>
      host.name === 'dns' ? { start: () => host.start(['sh', '-c', 'echo no port left >&2; exit 1']) } : {},
    );
    expect(journal).toMatchObject({ status: 'failed', error: 'the DNS server ended: exit status 1; it wrote: no port left.' });
    await until(async () => ((await survivors(pids)).length === 0 ? true : undefined), 'the end of every process');
  });
});

describe('a driver that cannot start', () => {
  const driver: Driver = { name: 'none', requirements: () => Promise.resolve([]), start: () => Promise.reject(new LabError('NOT_SUPPORTED', 'Not here.')) };
  test('gives a run with the status failed', async () => {
    const { journal, events } = await runScenario({
      name: 'test', scenario: scenario(({ client }) => client.get()), driver, client: 'node-fetch', clientOptions: {}, seed: '1', signal: new AbortController().signal,
    });
    expect(journal).toMatchObject({ driver: 'none', status: 'failed', verdict: 'unknown', error: 'Not here.' });
    expect(events).toEqual([]);
  });
});

describeWith('netns', 'the process of a run that was cut short', () => {
  test('ends, although the scenario still waits for something', async () => {
    const { code, stderr } = await localProcess(fixtureArgv('lab/run/cut-short.fixture.ts')).exited;
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });
});

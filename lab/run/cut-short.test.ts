/** Runs that are cut short at a bad moment: nothing that was measured is lost, nothing is left behind, and nothing hangs. */
import { readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { check } from '../analysis/checks.ts';
import type { Driver, Network } from '../network/drivers/driver.ts';
import { netns } from '../network/drivers/netns.ts';
import { serverKill } from '../../scenarios/server-kill.ts';
import { describeWith, driverWith, fixtureArgv, localProcess, until } from '../testing/testing.ts';
import { LabError } from '../vocabulary/errors.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { startLab } from './lab.ts';
import type { FinishedRun } from './journal.ts';
import { runScenario } from './run-scenario.ts';
import { defineScenario, type Scenario, type Stage } from './scenario.ts';
import { Timeline } from './timeline.ts';

const words = { title: '', teaches: '', predict: '', explains: '', sources: [] };
const scenarioOf = (run: (stage: Stage) => Promise<unknown>): Scenario => defineScenario({ ...words, run, checks: () => [check('it holds', true, '')] });

function run(scenario: Scenario, driver: Driver, signal = new AbortController().signal): Promise<FinishedRun> {
  return runScenario({ name: 'test', scenario, driver, client: 'node-fetch', clientOptions: {}, seed: '1', signal });
}

describeWith('netns', 'a run with requests in flight that nobody awaits', () => {
  test.each([
    ['interrupt', { status: 'interrupted', error: 'Interrupted by SIGTERM.' }],
    // Without the error of the request, the run would wait for its limit.
    ['crash', { status: 'failed', error: expect.stringMatching(/^the client ended: SIGKILL/) as unknown }],
  ])('%s: it ends at once with a journal, its process ends by itself, and there is no unhandled rejection', async (how, expected) => {
    const started = localProcess(fixtureArgv('lab/run/in-flight.fixture.ts', how));
    const lines: string[] = [];
    started.onLine((line) => lines.push(line));
    const { code, stderr } = await started.exited;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(JSON.parse(lines.at(-1) ?? '')).toEqual({ ...expected, requests: 4, hasCapture: true });
  });

  test('server-kill, interrupted at the kill', async () => {
    const controller = new AbortController();
    const driver = driverWith(netns, (host) => (host.name === 'backend-1' ? { start: async (argv, options) => {
      const started = await host.start(argv, options);
      return { ...started, signal: (name) => { controller.abort('SIGINT'); return started.signal(name); } };
    } } : {}));
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown): void => { unhandled.push(reason); };
    process.on('unhandledRejection', onUnhandled);
    onTestFinished(() => { process.off('unhandledRejection', onUnhandled); });
    const { journal } = await run(serverKill, driver, controller.signal);
    await new Promise(setImmediate);
    expect(unhandled).toEqual([]);
    expect(journal).toMatchObject({ status: 'interrupted', verdict: 'unknown', error: 'Interrupted by SIGINT.', checks: [] });
  });

  test('an interrupted run has the events and the packets up to the interruption, and says how many packets were lost', async () => {
    let batches = 0;
    const lossy = driverWith(netns, (host) => (host.name === 'client' ? { start: async (argv, options) => {
      const started = await host.start(argv, options);
      return { ...started, onLine: (listener) => { started.onLine((line) => { if (!line.startsWith('{"frames"') || ++batches !== 1) listener(line); }); } };
    } } : {}));
    const interruptedRun = (driver: Driver): Promise<FinishedRun> => {
      const controller = new AbortController();
      return run(scenarioOf(async ({ client, wait }) => {
        await client.get();
        controller.abort('SIGHUP');
        await wait(600_000);
      }), driver, controller.signal);
    };
    const [whole, lost] = [await interruptedRun(netns), await interruptedRun(lossy)];
    expect(whole.journal).toMatchObject({ status: 'interrupted', error: 'Interrupted by SIGHUP.', doubts: [], wire: { dropped: 0 }, findings: { requests: { sent: 1, ok: 1 }, requestsOnWire: 1 } });
    expect(whole.events.filter(({ event }) => event === 'wire:response')).toHaveLength(1);
    expect(whole.capture?.length).toBeGreaterThan(1_000);
    expect(lost.journal.wire?.dropped).toBeGreaterThan(0);
  });
});

describe('an interruption while the driver starts', () => {
  const scenario = scenarioOf(() => Promise.resolve());
  const driverThat = (start: Driver['start']): Driver => ({ name: 'fake', requirements: () => Promise.resolve([]), start });
  const interruptSoon = (): AbortSignal => {
    const controller = new AbortController();
    setImmediate(() => { controller.abort('SIGINT'); });
    return controller.signal;
  };

  test('ends the run at once, although the driver never ends its start', async () => {
    const { journal, events, capture } = await run(scenario, driverThat(() => new Promise(() => undefined)), interruptSoon());
    expect(journal).toMatchObject({ status: 'interrupted', verdict: 'unknown', error: 'Interrupted by SIGINT.', setupMs: null });
    expect({ events, capture }).toEqual({ events: [], capture: null });
  });

  test('reaches the driver, so that it can give up what it does', async () => {
    const reasons: unknown[] = [];
    const driver = driverThat((_, signal) => new Promise((_resolve, reject) => {
      signal?.addEventListener('abort', () => { reasons.push(signal.reason); reject(new Error('gave up')); });
    }));
    const { journal } = await run(scenario, driver, interruptSoon());
    expect(journal.error).toBe('Interrupted by SIGINT.');
    expect(reasons).toEqual([expect.any(LabError)]);
  });

  test('leaves nothing: a network that comes too late is disposed', async () => {
    const disposed = Promise.withResolvers<true>();
    const late = { [Symbol.asyncDispose]: () => { disposed.resolve(true); return Promise.resolve(); } } as unknown as Network;
    const arrives = Promise.withResolvers<Network>();
    const { journal } = await run(scenario, driverThat(() => arrives.promise), interruptSoon());
    expect(journal.status).toBe('interrupted');
    arrives.resolve(late);
    expect(await disposed.promise).toBe(true);
  });

  test('ends `startLab`, too', async () => {
    await expect(startLab({ driver: driverThat(() => new Promise(() => undefined)), timeline: new Timeline(), seed: '1', signal: interruptSoon() })).rejects.toMatchObject({ code: 'INTERRUPTED' });
  });
});

describeWith('netns', 'netns, when its start is interrupted', () => {
  test('fails with the reason, and no process of the network is left', async () => {
    const controller = new AbortController();
    controller.abort('SIGINT');
    const children = (): string[] => readFileSync(`/proc/${process.pid}/task/${process.pid}/children`, 'utf8').split(' ').filter(Boolean);
    const before = children();
    await expect(netns.start(createTopology(), controller.signal)).rejects.toMatchObject({ code: 'INTERRUPTED' });
    // A process of the test before may still have been there, and have ended since.
    expect(children().filter((pid) => !before.includes(pid))).toEqual([]);
  });
});

describeWith('netns', 'a lab that cannot be taken down', () => {
  /** The lab is gone, but the driver says that it is not. */
  const stuck: Driver = { ...netns, start: async (topology, signal) => {
    const network = await netns.start(topology, signal);
    return { ...network, [Symbol.asyncDispose]: async () => { await network[Symbol.asyncDispose](); throw new Error('the engine is stuck'); } };
  } };
  const stillUp = 'The lab could not be taken down: the engine is stuck';

  test('costs the run its verdict, and the journal has the error beside everything that was measured', async () => {
    const { journal, events, capture, data } = await run(scenarioOf(({ client }) => client.get()), stuck);
    expect(journal).toMatchObject({ status: 'failed', verdict: 'unknown', error: stillUp, checks: [{ verdict: 'pass' }], findings: { requests: { ok: 1 } } });
    expect(events.some(({ event }) => event === 'wire:response')).toBe(true);
    expect(capture?.length).toBeGreaterThan(1_000);
    expect(data).toMatchObject({ ok: true });
  });

  test('does not hide why the run ended', async () => {
    expect((await run(scenarioOf(() => Promise.reject(new Error('no luck'))), stuck)).journal).toMatchObject({ status: 'failed', error: `no luck ${stillUp}` });
    const controller = new AbortController();
    const interrupted = await run(scenarioOf(({ wait }) => { controller.abort('SIGINT'); return wait(600_000); }), stuck, controller.signal);
    expect(interrupted.journal).toMatchObject({ status: 'interrupted', error: `Interrupted by SIGINT. ${stillUp}` });
  });
});

describeWith('netns', 'a network whose client’s host cannot be set up', () => {
  test('is not left behind', async () => {
    let ended: Promise<string> | undefined;
    const driver: Driver = { ...netns, start: async (topology, signal) => {
      const network = await netns.start(topology, signal);
      ended = network.ended;
      return { ...network, host: (name) => ({ ...network.host(name), run: () => Promise.reject(new Error('no resolv.conf')) }) };
    } };
    await expect(startLab({ driver, timeline: new Timeline(), seed: '1', topology: { resolvConf: ['nameserver 198.51.100.53'] } })).rejects.toThrow('no resolv.conf');
    await until(async () => (await Promise.race([ended, Promise.resolve(undefined)])) ?? undefined, 'the end of the network');
  });
});

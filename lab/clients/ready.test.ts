/** The start of a client's process is not a part of a request, if the process says when it is ready. */
import { expect, test } from 'vitest';
import { runWith, speaker, twice } from '../testing/client-runs.ts';
import { describeWith } from '../testing/testing.ts';
import type { FinishedRun } from '../run/journal.ts';

/** Longer than a request takes on a busy machine, and shorter than the lab waits. */
const startMs = 1_200;
const answer = 'say({ id, status: 200 });';
/** A process that takes requests only after its start. */
const slowly = (script: string): string => speaker(script, `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${startMs}); say({ ready: true });`);

const requestMs = ({ journal }: FinishedRun): (number | null)[] => journal.findings.byRequest.map(({ ms }) => ms);
const notReady = ({ events }: FinishedRun): string[] => events.flatMap((event, index) => (event.event === 'client:not-ready' ? [`${event.waitedMs} ms before ${events[index + 1]?.event ?? 'nothing'}`] : []));

describeWith('netns', 'a command that says {"ready":true}', () => {
  test('is waited for, before its first request and with each fresh process', async () => {
    for (const keepAlive of [true, false]) {
      const run = await runWith(slowly(answer), twice, { clientOptions: { keepAlive } });
      expect(run.journal).toMatchObject({ status: 'completed', doubts: [] });
      expect(Math.max(...requestMs(run).map(Number))).toBeLessThan(startMs);
      expect(notReady(run)).toEqual([]);
    }
  });

  test('is waited for again after the lab has ended it for a limit', async () => {
    const run = await runWith(slowly(`if (id === 2) ${answer}`), twice, { clientOptions: { timeoutMs: 100 } });
    expect(run.data).toMatchObject([{ ok: false, error: 'TIMEOUT by the lab' }, { ok: true }]);
    expect(requestMs(run)[1]).toBeLessThan(startMs);
  });

  test('ends the run if it ends before that', async () => {
    const { journal } = await runWith(speaker(answer, 'console.error("no configuration"); process.exit(4);'), twice);
    expect(journal).toMatchObject({ status: 'failed', error: expect.stringMatching(/^The client `.*` ended: exit status 4; it wrote: no configuration\. /s) as string });
  });
});

describeWith('netns', 'a command that never says {"ready":true}', () => {
  test('works, and the run says for each client that its start may be a part of its first request', async () => {
    const run = await runWith(speaker(answer, ''), async (stage) => [...(await twice(stage)), await (await stage.startClient({ keepAlive: false })).get()]);
    expect(run.journal).toMatchObject({ status: 'completed', verdict: 'pass', doubts: [], findings: { requests: { sent: 3, ok: 3 } } });
    expect(notReady(run)).toEqual(['2000 ms before client:request', '2000 ms before client:request']);
  });

  test('is waited for once, and not with each further process', async () => {
    const run = await runWith(speaker(answer, ''), twice, { clientOptions: { keepAlive: false } });
    expect(run.journal).toMatchObject({ status: 'completed', findings: { requests: { sent: 2, ok: 2 } } });
    const [, second] = run.events.filter(({ event }) => event === 'client:request');
    const [first] = run.events.filter(({ event }) => event === 'client:response');
    expect(notReady(run)).toEqual(['2000 ms before client:request']);
    // The wait for a process that does not say it takes 2 s.
    expect((second?.tMs ?? NaN) - (first?.tMs ?? NaN)).toBeLessThan(2_000);
  });
});

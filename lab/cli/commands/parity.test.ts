import { expect, onTestFinished, test, vi } from 'vitest';
import { findingsOf } from '../../analysis/findings.ts';
import type { Journal } from '../../run/journal.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { compare, declared, deviations, runnable } from './parity.ts';
import { scenarioNames } from '../../../scenarios/index.ts';

const findings = findingsOf([], createTopology());

/** Returns the parts of a journal that `compare` reads. */
const run = (change: Partial<Journal['findings']> = {}, verdict: Journal['verdict'] = 'pass'): Journal =>
  ({ verdict, checks: [{ text: 'it holds', verdict, observed: '' }], findings: { ...findings, ...change } }) as unknown as Journal;

const attempt = (request: number, address: string, outcome = 'connected') => ({ request, dial: 1, address, family: 4 as const, startMs: 0, endMs: 1, outcome, synCount: null, synsMs: null, localPort: null, requests: null });
const found = (left: Journal[], right: Journal[]): string[] => compare(left, right).map(({ finding }) => finding);

test('equal runs do not differ; the order of requests that run at the same time is no difference', () => {
  expect(found([run()], [run()])).toEqual([]);
  expect(found([run({ attempts: [attempt(1, 'a'), attempt(2, 'b')] })], [run({ attempts: [attempt(2, 'b'), attempt(1, 'a')] })])).toEqual([]);
});

test('another verdict, another count, another outcome, and another order within one request are differences', () => {
  expect(found([run()], [run({}, 'fail')])).toEqual(['verdict', 'checks']);
  expect(found([run({ reResolutions: 1 })], [run({ reResolutions: 2 })])).toEqual(['reResolutions']);
  expect(found([run({ attempts: [attempt(1, 'a', 'refused')] })], [run({ attempts: [attempt(1, 'a')] })])).toEqual(['attempts']);
  expect(found([run({ attempts: [attempt(1, 'a'), attempt(1, 'b')] })], [run({ attempts: [attempt(1, 'b'), attempt(1, 'a')] })])).toEqual(['attempts']);
});

test('delays between packets are compared by their medians, within the tolerance of 50 ms', () => {
  const delays = (...values: number[]): Journal[] => values.map((fallbackDelayMs) => run({ fallbackDelayMs }));
  expect(found(delays(250, 251, 900), delays(250, 299, 300))).toEqual([]);
  expect(compare(delays(250), delays(301))).toMatchObject([{ finding: 'fallbackDelayMs', byMs: 51 }]);
  expect(compare(delays(250), [run({ fallbackDelayMs: null })])).toMatchObject([{ finding: 'fallbackDelayMs', byMs: null }]);
});

test('times of whole requests have a larger tolerance, which is still smaller than one retransmission timeout', () => {
  expect(found([run({ recoveryMs: 100 })], [run({ recoveryMs: 279 })])).toEqual([]);
  expect(found([run({ recoveryMs: 100 })], [run({ recoveryMs: 300 })])).toEqual(['recoveryMs']);
});

test('a deviation covers its own scenario and finding, within its limit', () => {
  expect(declared('recovery', { finding: 'returnMs', text: '', byMs: 2_000 })).toBeDefined();
  expect(declared('recovery', { finding: 'returnMs', text: '', byMs: 2_001 })).toBeUndefined();
  expect(declared('recovery', { finding: 'returnMs', text: '', byMs: null })).toBeUndefined();
  expect(declared('recovery', { finding: 'attempts', text: '', byMs: null })).toBeUndefined();
  expect(declared('flapping-backend', { finding: 'requests', text: '', byMs: null })).toBeDefined();
  expect(declared('baseline', { finding: 'requests', text: '', byMs: null })).toBeUndefined();
  expect(deviations.filter(({ scenario }) => !(scenarioNames as string[]).includes(scenario))).toEqual([]);
});

test('a scenario that cannot run on both drivers is left out, with the reason', async () => {
  const flags = { driver: 'auto', client: 'node-fetch', seed: '1', set: [], expect: [], resolvConf: [], results: 'results', repeat: '1', only: ['baseline', 'hot-reload-haproxy', 'cached-answers'] };
  onTestFinished(() => { vi.unstubAllEnvs(); });
  vi.stubEnv('WITH', undefined);
  const plain = await runnable(flags);
  expect(plain.names).toEqual(['baseline']);
  expect(plain.skipped).toEqual([expect.stringMatching(/hot-reload-haproxy: .*on docker it needs haproxy: build the image of the lab with it, WITH=haproxy \(docs\/docker\.md\)$/), expect.stringMatching(/cached-answers: .*on docker it needs a resolver between client and DNS server, which the docker driver does not have$/)]);
  // What this machine lacks is another reason.
  vi.stubEnv('WITH', 'wget, haproxy');
  expect((await runnable(flags)).skipped.filter((line) => line.includes('hot-reload-haproxy') && line.includes('on docker'))).toEqual([]);
  await expect(runnable({ ...flags, only: ['no-such'] })).rejects.toMatchObject({ code: 'BAD_INPUT' });
});

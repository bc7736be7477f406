/** The columns for many requests, with proxies whose documentation says what they do. (That they pass with our own clients is in ../index.test.ts.) */
import { expect, test } from 'vitest';
import { checkDelay } from '../../lab/analysis/checks.ts';
import { netns } from '../../lab/network/drivers/netns.ts';
import { runScenario } from '../../lab/run/run-scenario.ts';
import { describeWith } from '../../lab/testing/testing.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import { createTopology, type BackendName } from '../../lab/vocabulary/topology.ts';
import type { MeasuredRequest } from './failure.ts';
import { manyRequests } from './many-requests.ts';

/** What stands in the cell of a client, and the backend that the column is about. */
async function cell(name: keyof typeof manyRequests, client: string): Promise<{ outcome: string; remark: string | null; delayMs: number | null; address: string; events: readonly TimelineEvent[] }> {
  const failure = manyRequests[name];
  const { journal, events, data } = await runScenario({ name, scenario: failure.scenario, driver: netns, client, clientOptions: {}, seed: '1', signal: new AbortController().signal });
  expect({ error: journal.error, doubts: journal.doubts, verdict: journal.verdict }).toEqual({ error: null, doubts: [], verdict: 'pass' });
  const measured = data as MeasuredRequest & { backend: BackendName };
  const about = { findings: journal.findings, events, topology: createTopology(), data: measured };
  return { outcome: measured.outcome, remark: failure.remark?.(about) ?? null, delayMs: failure.readMs(about), address: about.topology.hosts[measured.backend].ipv4, events };
}

describeWith(['netns', 'nginx', 'haproxy'], 'on namespaces', () => {
  test.concurrent('address-changed: nginx that has looked the name up at its start never notices, and answers 502 when the old server has stopped', { timeout: 120_000 }, async () => {
    expect(await cell('address-changed', 'nginx-proxy')).toMatchObject({ outcome: 'status 502', remark: 'never', delayMs: null });
  });

  test.concurrent('address-changed: nginx with `resolver` looks the name up again after its TTL of 1 s, and no old answer comes after the first new one', { timeout: 120_000 }, async () => {
    const { outcome, remark, delayMs, address, events } = await cell('address-changed', 'nginx-resolver');
    expect({ outcome, remark }).toEqual({ outcome: 'answered', remark: null });
    const changedMs = events.find(({ event }) => event === 'lab:note')?.tMs ?? NaN;
    const last = events.findLast((event) => event.event === 'backend:response' && event.address === address && event.tMs > 0);
    const next = events.find((event) => event.event === 'client:response' && event.tMs > Math.max(last?.tMs ?? NaN, changedMs) && !event.body.includes(address));
    expect(delayMs).toBeCloseTo((next?.tMs ?? NaN) - changedMs, 6);
  });

  test.concurrent('one-of-three-down: nginx tries the next address for the same request, so nobody sees an error', { timeout: 120_000 }, async () => {
    expect(await cell('one-of-three-down', 'nginx-proxy')).toMatchObject({ outcome: 'answered', remark: '0 of 30 failed' });
  });

  test.concurrent('one-of-three-down: HAProxy with one server has one address, so each request fails, after three retries a second apart', { timeout: 120_000 }, async () => {
    const { outcome, remark, delayMs } = await cell('one-of-three-down', 'haproxy-proxy');
    expect(outcome).toBe('status 503');
    expect(remark).toMatch(/^(\d+) of \1 failed$/);
    // HAProxy configuration manual, section 4.2 (retries): 3, and one second before it tries the same server again.
    const judged = checkDelay('the slowest request', delayMs, 3_000, { earlyMs: 30, lateMs: 3_000 });
    expect(judged).toEqual({ ...judged, verdict: 'pass' });
  });

  test.concurrent('backend-back: nginx leaves a server for fail_timeout, which is 10 s, and then tries it again', { timeout: 120_000 }, async () => {
    const { outcome, remark, delayMs, address, events } = await cell('backend-back', 'nginx-proxy');
    expect({ outcome, remark }).toEqual({ outcome: 'answered', remark: null });
    const refusedMs = events.findLast((event) => event.event === 'wire:rst' && event.sender === 'server' && event.address === address)?.tMs ?? NaN;
    const triedMs = events.find((event) => event.event === 'wire:syn' && event.address === address && event.tMs > refusedMs)?.tMs ?? NaN;
    // nginx counts whole seconds, and its next request for this server comes after those for the two others.
    const judged = checkDelay('from the refusal to the next SYN', triedMs - refusedMs, 10_000, { earlyMs: 10, lateMs: 5_000 });
    expect(judged).toEqual({ ...judged, verdict: 'pass' });
    const healedMs = events.find(({ event }) => event === 'lab:note')?.tMs ?? NaN;
    expect(delayMs).toBeGreaterThanOrEqual(triedMs - healedMs);
  });
});

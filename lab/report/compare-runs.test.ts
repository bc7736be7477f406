import { expect, test } from 'vitest';
import { recordedRun } from '../testing/pictured-runs.ts';
import { alignedAt, compareFindings, otherDifferences } from './compare-runs.ts';

const [one, other] = [recordedRun('ipv6-blackhole'), recordedRun('host-vanishes')];

test('runs that differ in their client alone give no warning, and each other difference gives one', () => {
  expect(otherDifferences([one.journal, { ...one.journal, client: 'curl' }])).toEqual([]);
  expect(otherDifferences([one.journal, { ...one.journal, seed: 7, driver: 'docker', platform: { ...one.journal.platform, kernel: '5.10' }, resolvConf: ['options ndots:5'] }, one.journal])).toEqual([
    expect.stringMatching(/^The runs differ in their seed: 1, 7\. /),
    expect.stringMatching(/^The runs differ in their driver: netns, docker\. /),
    expect.stringMatching(/^The runs differ in their kernel: .*, 5\.10\. /),
    expect.stringMatching(/^The runs differ in their resolv\.conf: the usual one, options ndots:5\. /),
  ]);
  expect(otherDifferences([one.journal, other.journal])[0]).toMatch(/^The runs differ in their scenario: ipv6-blackhole, host-vanishes\. /);
});

test('a finding that differs is listed apart from those that are the same', () => {
  const changed = { ...one.journal, findings: { ...one.journal.findings, fallbackDelayMs: 12.3, reResolutions: 0 } };
  const { different, same } = compareFindings([one.journal, changed]);
  expect(different).toEqual([{ name: 'fallback delay', values: ['251.4 ms', '12.3 ms'] }]);
  expect(same.map(({ name }) => name)).toEqual(expect.arrayContaining(['verdict', 'request #1', 'connections', 're-resolutions']));
  expect(compareFindings([one.journal, { ...changed, findings: { ...changed.findings, fallbackDelayMs: null } }]).different[0]?.values).toEqual(['251.4 ms', null]);
});

test('the common axis begins at the first request, or at the first fault', () => {
  const requestMs = one.events.find(({ event }) => event === 'client:request')?.tMs;
  const faultMs = one.events.find(({ event }) => event === 'fault:apply')?.tMs;
  expect(alignedAt([one], ['a'], 'request')).toEqual([requestMs]);
  expect(alignedAt([one], ['a'], 'fault')).toEqual([faultMs]);
  expect(() => alignedAt([one, { ...one, events: [] }], ['a', 'b'], 'fault')).toThrow('The run in `b` has no fault, so it cannot be aligned at one. Align the runs at something else: --align request');
});

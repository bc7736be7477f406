import { expect, test } from 'vitest';
import { captureOf, recordedRun } from '../testing/pictured-runs.ts';
import { alignedAt, captureWarnings, compareLines, linesOfPackets, linesOfRun, otherDifferences } from './compare-runs.ts';

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
  const { different, same } = compareLines([linesOfRun(one.journal), linesOfRun(changed)]);
  expect(different).toEqual([{ name: 'fallback delay', values: ['251.4 ms', '12.3 ms'] }]);
  expect(same.map(({ name }) => name)).toEqual(expect.arrayContaining(['verdict', 'request #1', 'connections', 're-resolutions']));
  expect(compareLines([linesOfRun(one.journal), linesOfRun({ ...changed, findings: { ...changed.findings, fallbackDelayMs: null } })]).different[0]?.values).toEqual(['251.4 ms', null]);
});

test.each([
  ['0.6 ms for the first byte', '0.7 ms for the first byte', true],
  ['0.6 ms for the first byte', '0.8 ms for the first byte', false],
  ['9999.9 ms', '10.0 s', true],
  ['1000.0 ms, 3000.1 ms', '1000.1 ms, 3000.0 ms', true],
  ['1000.0 ms, 3000.1 ms', '1000.1 ms', false],
  ['200 after 999 ms', '200 after 1.00 s', true],
  ['200 after 1.00 s', '500 after 1.00 s', false],
  ['2 of 5', '3 of 5', false],
  ['0.6 ms', null, false],
])('%s and %s are the same as far as they are printed: %s', (first, second, isSame) => {
  const lines = (value: string | null): [string, string][] => (value === null ? [] : [['a finding', value]]);
  expect(compareLines([lines(first), lines(second)])[isSame ? 'same' : 'different']).toHaveLength(1);
});

test('the common axis begins at the first request, attempt or fault', () => {
  const at = (name: string) => one.events.find(({ tMs, event }) => tMs >= 0 && event === name)?.tMs;
  const [a, b] = [{ path: 'a', events: one.events }, { path: 'b', events: captureOf(one).events }];
  expect(alignedAt([a], 'request')).toEqual([at('client:request')]);
  expect(alignedAt([a], 'fault')).toEqual([at('fault:apply')]);
  expect(alignedAt([a, b], 'attempt')).toEqual([at('wire:syn'), at('wire:syn')]);
  expect(() => alignedAt([a, b], 'fault')).toThrow('There is no fault in `b`, so it cannot be aligned at one. Align at something else: --align request or --align attempt');
});

test.each([one, other])('a run and a capture of it have the same findings, measured from packets alone', (run) => {
  const lines = linesOfPackets(run.events);
  const { different, same } = compareLines([lines, linesOfPackets(captureOf(run).events)]);
  expect(different).toEqual([]);
  // What the run itself has measured, with the client's trace, is among them.
  const { fallbackDelayMs, nextAddressDelayMs } = run.journal.findings;
  expect(same.find(({ name }) => name === (fallbackDelayMs === null ? 'next address after' : 'fallback delay'))?.values[0]).toBe(`${(fallbackDelayMs ?? nextAddressDelayMs ?? NaN).toFixed(1)} ms`);
  expect(same.map(({ name }) => name)).toEqual(expect.arrayContaining(['DNS queries', 'attempts', 'requests', 'statuses']));
});

test('a capture says what it cannot tell, and which names it mixes', () => {
  expect(captureWarnings({ file: 'x.pcap', capture: { ...captureOf(other), gaps: 1 } })).toEqual([
    expect.stringMatching(/^x\.pcap is a capture: it has no scenario, no seed and no faults, and it does not tell the client and the kernel\. .* packets alone\.$/),
    'x.pcap has connections to 2 names, which are compared together: web.lab.test, backend-3.lab.test. Choose one: --name web.lab.test',
    'Not known of x.pcap: what was said behind a missing segment, in 1 connection.',
  ]);
  expect(captureWarnings({ file: 'x.pcap', capture: captureOf(one) })).toHaveLength(1);
});

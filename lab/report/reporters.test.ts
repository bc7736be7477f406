/** What CI servers get of a run. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { check, checkUnless } from '../analysis/checks.ts';
import { findingsOf } from '../analysis/findings.ts';
import type { Journal } from '../run/journal.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { parseReporters } from './reporters.ts';

const journal = (change: Partial<Journal>): Journal => ({
  scenario: 'checkout', driver: 'netns', client: "curl -sS '{url}' & <b>", seed: 1, status: 'completed', verdict: 'pass', startedAt: '2026-01-01T00:00:00.000Z', durationMs: 1234, error: null, doubts: [], checks: [],
  findings: findingsOf([], createTopology()), ...change,
} as unknown as Journal);

const failed = journal({ verdict: 'fail', checks: [check('it holds', true, 1), check('a < b, "c": d', false, '100 % of\n<i>'), checkUnless('no request', check('maybe', true, ''))], doubts: ['a doubt\u0000\uD800'] });

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'reporters-'));
  onTestFinished(() => { rmSync(made, { recursive: true }); vi.unstubAllEnvs(); });
  return made;
}

test('junit: each check is a case; what did not hold is a failure, and what could not be judged an error', async () => {
  const file = join(folder(), 'new', 'report.xml');
  const report = await parseReporters([`junit:${file}`], () => undefined);
  await report([failed, journal({ checks: [] })]);
  const xml = readFileSync(file, 'utf8');
  expect(xml).toContain('<testsuite name="checkout" tests="4" failures="1" errors="2" time="1.234" timestamp="2026-01-01T00:00:00.000Z">');
  expect(xml).toContain('<testcase classname="checkout" name="it holds"/>');
  expect(xml).toContain('name="a &lt; b, &quot;c&quot;: d">\n      <failure message="100 % of&#10;&lt;i>"/>'.replace('i>', 'i&gt;'));
  expect(xml).toContain('<error message="could not be judged: no request"/>');
  expect(xml).toContain('<error message="a doubt\uFFFD\uFFFD"/>');
  expect(xml).toContain('<property name="client" value="curl -sS \'{url}\' &amp; &lt;b&gt;"/>');
  // A run without a check shows nothing, so it is not a report without an error.
  expect(xml).toContain('tests="1" failures="0" errors="1"');
});

test('github: an annotation where a check did not pass, at the file of the scenario, and a summary', async () => {
  const summary = join(folder(), 'summary.md');
  vi.stubEnv('GITHUB_STEP_SUMMARY', summary);
  const lines: string[] = [];
  const report = await parseReporters(['github'], (line) => { lines.push(line); });
  await report([failed], './failover/checkout.scenario.ts');
  await report([journal({ status: 'failed', verdict: 'unknown', error: 'no lab' })]);
  expect(lines).toEqual([
    '::error file=failover/checkout.scenario.ts,title=checkout%3A a < b%2C "c"%3A d::100 %25 of%0A<i>',
    '::warning file=failover/checkout.scenario.ts,title=checkout%3A maybe::no request',
    '::warning file=failover/checkout.scenario.ts,title=checkout%3A a doubt::a doubt\u0000\uD800',
    '::error title=checkout%3A could not run::no lab',
  ]);
  const text = readFileSync(summary, 'utf8');
  expect(text).toContain('### ❌ checkout: fail\n');
  expect(text).toContain('| ❌ | a \\< b, "c": d | 100 % of \\<i\\> |');
  expect(text).toContain('### ❔ checkout: failed\n');
});

test('a reporter that is not known, and a file that cannot be written, are errors before the run', async () => {
  await expect(parseReporters(['junit'], () => undefined)).rejects.toThrow('Unknown reporter `junit`. Known: junit:FILE, github.');
  await expect(parseReporters(['junit:/proc/no/report.xml'], () => undefined)).rejects.toThrow('The results cannot be written to /proc/no');
});

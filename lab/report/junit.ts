/**
 * A JUnit report, which every CI server reads: a test suite for each run, a test case for each check. The format has no standard; this is what Jenkins'
 * plugin and GitLab document (https://github.com/jenkinsci/xunit-plugin, junit-10.xsd; https://docs.gitlab.com/ci/testing/unit_test_reports/).
 */
import type { Check } from '../analysis/checks.ts';
import type { Journal } from '../run/journal.ts';
import { findingLines } from './summary.ts';

/** Returns the report of some runs as XML. A check that could not be judged, a doubt, and a run that could not be made are errors: none of them is a pass. */
export function junitReport(journals: readonly Journal[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="failover-lab">\n${journals.map(suite).join('')}</testsuites>\n`;
}

function suite(journal: Journal): string {
  const { scenario, startedAt, durationMs, checks } = journal;
  const cases = [...checks.map(ofCheck), ...problemsOf(journal).map((problem) => ({ name: 'the run shows something', error: problem }))];
  const count = (kind: 'failure' | 'error'): number => cases.filter((each) => kind in each).length;
  const properties = [['verdict', journal.verdict], ['driver', journal.driver], ['client', journal.client], ['seed', String(journal.seed)], ...findingLines(journal)];
  return [
    `  <testsuite${attributes({ name: scenario, tests: cases.length, failures: count('failure'), errors: count('error'), time: (durationMs / 1_000).toFixed(3), timestamp: startedAt })}>`,
    '    <properties>',
    ...properties.map(([name = '', value = '']) => `      <property${attributes({ name, value })}/>`),
    '    </properties>',
    ...cases.map((each) => testCase(scenario, each)),
    '  </testsuite>\n',
  ].join('\n');
}

interface Case {
  name: string;
  failure?: string;
  error?: string;
}

function ofCheck({ text, verdict, observed }: Check): Case {
  return { name: text, ...(verdict === 'fail' ? { failure: observed } : verdict === 'unknown' ? { error: `could not be judged: ${observed}` } : {}) };
}

function problemsOf({ doubts, error, checks }: Journal): string[] {
  const problems = [...doubts, ...(error === null ? [] : [error])];
  return checks.length === 0 && problems.length === 0 ? ['there was no check'] : problems;
}

function testCase(scenario: string, { name, failure, error }: Case): string {
  const begin = `    <testcase${attributes({ classname: scenario, name })}`;
  const kind = failure === undefined ? 'error' : 'failure';
  const message = failure ?? error;
  return message === undefined ? `${begin}/>` : `${begin}>\n      <${kind}${attributes({ message })}/>\n    </testcase>`;
}

function attributes(values: Record<string, string | number>): string {
  return Object.entries(values).map(([name, value]) => ` ${name}="${escaped(String(value))}"`).join('');
}

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', '\n': '&#10;', '\t': '&#9;', '\r': '&#13;' };

/** Text for an attribute. Characters that XML 1.0 cannot have at all (section 2.2), and halves of surrogate pairs, become U+FFFD. */
function escaped(text: string): string {
  return text.toWellFormed().replace(/[^\t\n\r\u0020-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD').replace(/[&<>"\n\t\r]/g, (character) => entities[character] ?? '');
}

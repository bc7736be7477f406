import { describe, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { runScenario } from '../run/run-scenario.ts';
import { misfits } from '../testing/misfits.ts';
import { describeWith } from '../testing/testing.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { scenarios, type ScenarioName } from '../../scenarios/index.ts';
import { parseExpectation } from './expectations.ts';
import { findingsSchema, type Field } from './findings-schema.ts';
import { findingsOf } from './findings.ts';

/** Every single value of the schema, with its path. A list has the index 0, and statuses have 200. */
function leaves(field: Field, path: readonly string[] = []): { path: readonly string[]; field: Field }[] {
  if ('fields' in field) return Object.entries(field.fields).flatMap(([name, below]) => leaves(below, [...path, name]));
  if ('each' in field) return leaves(field.each, [...path, '0']);
  return [{ path: 'countsBy' in field ? [...path, '200'] : path, field }];
}

/** A bound that fits the type of the field, for the fields that are no numbers. */
const boundFor: Record<string, string> = {
  'byRequest.0.backend': 'backend-1', 'byRequest.0.status': '200', queryOrder: "'AAAA A'", 'attempts.0.address': '198.51.100.11', 'attempts.0.family': '4',
  'attempts.0.outcome': 'refused', 'addressesTried.0': '2001:db8:1::11', attemptsKept: 'true',
};

describe('the schema of the findings', () => {
  test.each(leaves(findingsSchema).map(({ path, field }) => [path.join('.'), field] as const))('%s has the unit ms exactly if its name says so', (name, field) => {
    const named = name.split('.').findLast((key) => !/^\d+$/.test(key)) ?? '';
    expect('unit' in field ? field.unit : undefined).toBe(/(^ms|Ms)$/.test(named) ? 'ms' : undefined);
  });

  test.each(leaves(findingsSchema).map(({ path }) => path.join('.')))('%s can have a bound', (name) => {
    expect(parseExpectation(`${name}==${boundFor[name] ?? '1'}`).path.join('.')).toBe(name);
  });

  test('fits the findings of a run without events', () => {
    expect(misfits(findingsOf([], createTopology()))).toEqual([]);
  });

  test('does not fit findings with another type, another name, or a null too many', () => {
    const findings = findingsOf([], createTopology());
    const changed = { ...findings, requests: { sent: '1', ok: 0, failed: -1 }, reResolutions: null, statuses: { ok: 1 }, attempts: [{}], addressesTried: ['web.lab.test'], recoveryMs: true, other: 1 };
    expect(misfits(changed)).toEqual(expect.arrayContaining([
      'findings.requests.sent is "1"', 'findings.requests.failed is -1', 'findings.reResolutions is null', 'findings.statuses.ok is 1', 'findings.attempts.0.outcome is missing',
      'findings.addressesTried.0 is "web.lab.test"', 'findings.recoveryMs is true', 'findings.other is not in the schema',
    ]));
  });
});

/** Only some clients have these: a client that connects before the AAAA answer, and one whose attempts live longer than a second. */
const notEveryClients = ['resolutionDelayMs', 'attemptsKept'];

/** Together these runs have a value in every other field. lab/testing/scenario-runs.ts holds every scenario against the schema. */
const runs: { name: ScenarioName; client: string; scheme?: 'https' }[] = [
  { name: 'all-down', client: 'node-fetch' },
  { name: 'recovery', client: 'node-http' },
  { name: 'ipv6-blackhole', client: 'node-fetch' },
  { name: 'slow-aaaa', client: 'curl' },
  { name: 'baseline', client: 'curl', scheme: 'https' },
  { name: 'cached-answers', client: 'node-http' },
  { name: 'retry-storm', client: 'curl -sS -o /dev/null {url}' },
];

describeWith(['netns', 'curl', 'unbound'], 'the findings of real runs', () => {
  test(`fit the schema, and every field but ${notEveryClients.join(' and ')} has a value in one of them`, { timeout: 60_000 }, async () => {
    const all = await Promise.all(runs.map(async ({ name, client, scheme }) => {
      const { journal } = await runScenario({ name, scenario: scenarios[name], driver: netns, client, clientOptions: { ...(scheme && { scheme }) }, seed: '1', signal: new AbortController().signal });
      expect({ name, error: journal.error, doubts: journal.doubts }).toEqual({ name, error: null, doubts: [] });
      expect({ name, misfits: misfits(journal.findings) }).toEqual({ name, misfits: [] });
      return journal.findings;
    }));
    const valuesAt = (value: unknown, [key, ...below]: readonly string[]): unknown[] => {
      if (value === null || value === undefined) return [];
      if (key === undefined) return [value];
      return Array.isArray(value) ? value.flatMap((entry) => valuesAt(entry, below)) : valuesAt((value as Record<string, unknown>)[key], below);
    };
    const empty = leaves(findingsSchema).filter(({ path }) => all.every((findings) => valuesAt(findings, path).length === 0)).map(({ path }) => path.join('.'));
    expect(empty.filter((name) => !notEveryClients.includes(name))).toEqual([]);
  });
});

/** Every scenario has its texts, and passes with our client on fetch. */
import { describe, expect, test } from 'vitest';
import type { Scenario } from '../lab/run/scenario.ts';
import { describeRuns } from '../lab/testing/scenario-runs.ts';
import { runnableNames, scenarioNamed } from './index.ts';
import { failures } from './matrix/index.ts';

const scenario = (name: string): Scenario => scenarioNamed(name) as Scenario;

describe.each(runnableNames)('%s', (name) => {
  test('explains itself', () => {
    const { title, teaches, predict, explains, sources, reproduces = [] } = scenario(name);
    for (const text of [title, teaches, predict, explains]) expect(text.length).toBeGreaterThan(20);
    expect(sources.length).toBeGreaterThan(0);
    expect(reproduces.every((number) => /^S\d+$/.test(number))).toBe(true);
  });
});

test('a name means one scenario: a failure of the matrix that has the name of a scenario is this scenario', () => {
  for (const [name, failure] of Object.entries(failures)) expect({ name, same: failure.scenario === scenario(name) }).toEqual({ name, same: true });
});

// The runs with our other client are in other-transports.test.ts.
describeRuns(['node-fetch']);

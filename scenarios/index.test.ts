/** Every scenario, with each of our clients, passes; and each says what it has to say. */
import { describe, expect, test } from 'vitest';
import { clientNames } from '../lab/clients.ts';
import { netns } from '../lab/drivers/netns.ts';
import { runScenario } from '../lab/run.ts';
import { describeWith } from '../lab/testing.ts';
import { scenarioNames, scenarios } from './index.ts';

describe.each(scenarioNames)('%s', (name) => {
  test('explains itself', () => {
    const { title, teaches, predict, explains, sources, reproduces } = scenarios[name];
    for (const text of [title, teaches, predict, explains]) expect(text.length).toBeGreaterThan(20);
    expect(sources.length).toBeGreaterThan(0);
    expect(reproduces.every((number) => /^S\d+$/.test(number))).toBe(true);
  });
});

describeWith('netns', 'on namespaces', () => {
  describe.each(clientNames)('with %s', (client) => {
    test.concurrent.each(scenarioNames)('%s', { timeout: 60_000 }, async (name) => {
      const { journal } = await runScenario({
        name,
        scenario: scenarios[name],
        driver: netns,
        client,
        clientOptions: {},
        seed: '1',
        signal: new AbortController().signal,
      });
      expect({ error: journal.error, doubts: journal.doubts, failed: journal.checks.filter(({ verdict }) => verdict !== 'pass') }).toEqual({ error: null, doubts: [], failed: [] });
      expect(journal.verdict).toBe('pass');
    });
  });
});

/** The checks of every scenario hold for clients that are not ours, and for nothing that is no client at all. */
import { describe, expect, test } from 'vitest';
import { netns } from '../lab/network/drivers/netns.ts';
import { runScenario, type Journal } from '../lab/run/run-scenario.ts';
import { describeWith, type Need } from '../lab/testing/testing.ts';
import { scenarioNames, scenarios, type ScenarioName } from './index.ts';

async function run(name: ScenarioName, client: string): Promise<Journal> {
  return (await runScenario({ name, scenario: scenarios[name], driver: netns, client, clientOptions: {}, seed: '1', signal: new AbortController().signal })).journal;
}

/** One that is a process a request and untraced, and one that stays and has its own resolver. */
const clients: Record<string, readonly Need[]> = { curl: ['curl'], go: ['go'] };

/** Where there is nothing to see of a client, and why. */
const nothingShown: Partial<Record<string, readonly ScenarioName[]>> = {
  // A process a request keeps no connection that could grow stale.
  curl: ['stale-connection'],
};

describe.each(Object.entries(clients))('with %s', (client, needs) => {
  // What serves in a scenario may be a server that is not ours.
  describeWith(['netns', 'nginx', 'haproxy', ...needs], 'on namespaces', () => {
    test.concurrent.each(scenarioNames)('%s passes', { timeout: 120_000 }, async (name) => {
      const journal = await run(name, client);
      if (nothingShown[client]?.includes(name)) {
        expect({ verdict: journal.verdict, failed: journal.checks.filter(({ verdict }) => verdict === 'fail') }).toEqual({ verdict: 'unknown', failed: [] });
        return;
      }
      expect({ error: journal.error, doubts: journal.doubts, failed: journal.checks.filter(({ verdict }) => verdict !== 'pass') }).toEqual({ error: null, doubts: [], failed: [] });
      expect(journal.verdict).toBe('pass');
    });
  });
});

describeWith(['netns', 'nginx', 'haproxy'], 'with what makes no request', () => {
  test.concurrent.each(scenarioNames)('%s does not pass', { timeout: 120_000 }, async (name) => {
    expect((await run(name, 'false {url}')).verdict).not.toBe('pass');
  });
});

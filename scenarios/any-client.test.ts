/** The checks of every scenario hold for clients of other projects, and they never pass with a program that makes no request. */
import { describe, expect, test } from 'vitest';
import { checkDelay } from '../lab/analysis/checks.ts';
import type { Findings } from '../lab/analysis/findings.ts';
import { netns } from '../lab/network/drivers/netns.ts';
import type { FinishedRun } from '../lab/run/journal.ts';
import { runScenario } from '../lab/run/run-scenario.ts';
import type { Scenario } from '../lab/run/scenario.ts';
import { brokenClaims, type testedClients } from '../lab/testing/lesson-claims.ts';
import { describeWith, type Need } from '../lab/testing/testing.ts';
import { longestFirst, runnableNames, scenarioNamed, scenarioNames, type ScenarioName } from './index.ts';

const run = (name: string, client: string): Promise<FinishedRun> => runScenario({ name, scenario: scenarioNamed(name) as Scenario, driver: netns, client, clientOptions: {}, seed: '1', signal: new AbortController().signal });

/** curl is one process for each request and has no trace. The Go client is one process for all requests and has its own resolver. */
const clients: Record<(typeof testedClients)[number], readonly Need[]> = { curl: ['curl'], go: ['go'] };

/** The scenarios that can show nothing with a client, and why. */
const nothingShown: Partial<Record<string, readonly ScenarioName[]>> = {
  // curl ends after each request, so it keeps no connection that could become stale or be closed.
  curl: ['stale-connection', 'keep-alive-race', 'h2-half-open', 'h2-pinning', 'h2-goaway', 'h2-goaway-unprocessed', 'h2-goaway-processed'],
};

/**
 * Delays that the sources of a client name, in ms. The findings must measure them, from a trace (Go) and from the packets alone (curl). `earlyMs`: by how
 * much the delay can be shorter. A timer on a busy machine is late.
 */
const delays: Partial<Record<string, Partial<Record<ScenarioName, { finding: keyof Findings; expectedMs: number; earlyMs: number }>>>> = {
  go: {
    // Go shares the 30 s of its dial between two addresses (net/dial.go, partialDeadline). Half of the time that the lookup took is missing.
    'first-silent': { finding: 'nextAddressDelayMs', expectedMs: 15_000, earlyMs: 500 },
    // net.Dialer, FallbackDelay. The timer starts before the first SYN, which leaves late on a busy machine.
    'ipv6-blackhole': { finding: 'fallbackDelayMs', expectedMs: 300, earlyMs: 75 },
  },
  // CURLOPT_HAPPY_EYEBALLS_TIMEOUT_MS.
  curl: { 'ipv6-blackhole': { finding: 'fallbackDelayMs', expectedMs: 200, earlyMs: 75 } },
};
const lateMs = 1_000;

describe.each(Object.entries(clients))('with %s', (client, needs) => {
  // Some scenarios serve with nginx or HAProxy instead of our backend, or have a resolver in between.
  describeWith(['netns', 'nft', 'nginx', 'haproxy', 'unbound', ...needs], 'on namespaces', () => {
    test.concurrent.each(longestFirst(scenarioNames))('%s passes', { timeout: 120_000 }, async (name) => {
      const { journal, events } = await run(name, client);
      if (nothingShown[client]?.includes(name)) {
        expect({ verdict: journal.verdict, failed: journal.checks.filter(({ verdict }) => verdict === 'fail') }).toEqual({ verdict: 'unknown', failed: [] });
        return;
      }
      expect({ error: journal.error, doubts: journal.doubts, failed: journal.checks.filter(({ verdict }) => verdict !== 'pass') }).toEqual({ error: null, doubts: [], failed: [] });
      expect(journal.verdict).toBe('pass');
      expect(brokenClaims({ journal, events })).toEqual([]);
      const delay = delays[client]?.[name];
      if (!delay) return;
      const judged = checkDelay(`${delay.finding} of ${client}`, journal.findings[delay.finding] as number | null, delay.expectedMs, { earlyMs: delay.earlyMs, lateMs });
      expect(judged).toEqual({ ...judged, verdict: 'pass' });
    });
  });
});

describeWith(['netns', 'nft', 'curl'], 'with a client whose own limit is below the timers of the kernel and of the resolver', () => {
  test.concurrent.each<ScenarioName>(['first-syn-lost', 'data-retransmission', 'dns-first-server-dead', 'syn-schedule'])('%s is unknown, and says that the client gave up', { timeout: 120_000 }, async (name) => {
    // It gives up while it connects, too, and after a second in any case.
    const { journal: { verdict, checks } } = await run(name, name === 'data-retransmission' ? 'curl -sS --max-time 1 {url}' : 'curl -sS --max-time 1 --connect-timeout 0.5 {url}');
    const others = checks.filter((each) => each.verdict !== 'pass');
    expect({ verdict, failed: others.filter((each) => each.verdict === 'fail') }).toEqual({ verdict: 'unknown', failed: [] });
    for (const { observed } of others) expect(observed).toMatch(/^the client gave up /);
  });
});

describeWith(['netns', 'nft', 'nginx', 'haproxy', 'unbound'], 'with a program that makes no request', () => {
  test.concurrent.each(longestFirst(runnableNames))('%s does not pass', { timeout: 120_000 }, async (name) => {
    expect((await run(name, 'false {url}')).journal.verdict).not.toBe('pass');
  });
});

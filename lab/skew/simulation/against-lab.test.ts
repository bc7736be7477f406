/** The simulation beside the lab, at the size of the lab: three backends and 300 connections through real sockets. */
import { expect, test } from 'vitest';
import { chiSquaredAtLeast } from '../../analysis/chi-squared.ts';
import { netns } from '../../network/drivers/netns.ts';
import type { FinishedRun } from '../../run/journal.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { describeWith } from '../../testing/testing.ts';
import { scenarios } from '../../../scenarios/index.ts';
import { readParameters, type Parameters } from './parameters.ts';
import { simulate } from './simulate.ts';

const connections = 300;
/** Counts of the same shares are further apart in 1 of 10,000 cases. */
const leastChance = 1e-4;
const { backends } = createTopology();

/** The counts of the simulation for the lab's size. */
function simulated(given: Partial<Parameters>): number[] {
  const { end } = simulate(readParameters({ clients: connections, backends: 3, hours: 1, ...given }), '1');
  return [...end].map((load) => Math.round((load * connections) / 3));
}

/**
 * Pearson's chi-squared test: do both counts come from the same shares? Returns the probability of counts at least this far apart, if they do. A backend
 * that both leave out tells nothing.
 */
function chanceOf(one: readonly number[], other: readonly number[]): number {
  const [sumOfOne, sumOfOther] = [one, other].map((counts) => counts.reduce((sum, count) => sum + count, 0)) as [number, number];
  const used = one.flatMap((count, index) => (count + (other[index] ?? 0) > 0 ? [[count, other[index] ?? 0] as const] : []));
  const chi2 = used.reduce((sum, [ofOne, ofOther]) => {
    const share = (ofOne + ofOther) / (sumOfOne + sumOfOther);
    return sum + (ofOne - sumOfOne * share) ** 2 / (sumOfOne * share) + (ofOther - sumOfOther * share) ** 2 / (sumOfOther * share);
  }, 0);
  return chiSquaredAtLeast(chi2, used.length - 1);
}

/** The requests of one path, which the redialers of a rolling restart make once on each connection; otherwise those of the client. */
function countsOf({ journal, events }: FinishedRun, path: string | null): number[] {
  if (path === null) return backends.map((name) => journal.findings.perBackend[name] ?? 0);
  return backends.map((name) => events.filter((event) => event.event === 'backend:request' && event.host === name && event.path === path).length);
}

interface Case {
  scenario: 'shuffle-on' | 'subset-before-shuffle' | 'shuffle-off' | 'rolling-restart';
  what: string;
  given: Partial<Parameters>;
  path: string | null;
  /** What the counts of the lab must disagree with. Otherwise the test could not tell anything. */
  unlike: Partial<Parameters>;
}

const even = { returned: 2 } as const;
const cut = { returned: 2, policy: 'subset-first' } as const;
const cases: Case[] = [
  { scenario: 'shuffle-on', what: 'two of three, shuffled', given: even, path: null, unlike: cut },
  { scenario: 'subset-before-shuffle', what: 'cut to two, then shuffled', given: cut, path: null, unlike: even },
  { scenario: 'shuffle-off', what: 'always in the same order', given: { returned: 2, policy: 'fixed' }, path: null, unlike: cut },
  { scenario: 'rolling-restart', what: 'a rolling restart, down meanwhile', given: { restarts: 1 }, path: '/?down-after', unlike: even },
  { scenario: 'rolling-restart', what: 'a rolling restart, accepting meanwhile', given: { restarts: 1, downS: 0 }, path: '/?accepting-after', unlike: { restarts: 1 } },
];

describeWith('netns', 'the simulation agrees with the lab', () => {
  const runs = new Map<string, Promise<FinishedRun>>();
  const runOf = async (name: Case['scenario']): Promise<FinishedRun> => {
    const run = runs.get(name) ?? runScenario({ name, scenario: scenarios[name], driver: netns, client: 'node-fetch', clientOptions: {}, seed: '1', signal: new AbortController().signal });
    runs.set(name, run);
    const { error, doubts } = (await run).journal;
    expect({ error, doubts }).toEqual({ error: null, doubts: [] });
    return await run;
  };

  test.each(cases)('$scenario: $what', { timeout: 120_000 }, async ({ scenario, given, path, unlike }) => {
    const counts = countsOf(await runOf(scenario), path);
    const expected = simulated(given);
    const sum = counts.reduce((all, count) => all + count, 0);
    expect({ counts, expected, sum, agrees: chanceOf(counts, expected) >= leastChance }).toEqual({ counts, expected, sum: connections, agrees: true });
    expect(chanceOf(counts, simulated(unlike))).toBeLessThan(leastChance);
  });
});

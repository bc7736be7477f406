/** `lab parity`: every scenario on two drivers, the same seed, side by side. A difference is a declared deviation, or a bug. */
import { pc } from '../report/colours.ts';
import { scenarioNames, scenarios } from '../../scenarios/index.ts';
import type { Scenario } from '../scenario.ts';
import type { Findings } from '../analysis/findings.ts';
import { LabError } from '../errors.ts';
import { writeRunFiles } from '../report/files.ts';
import { runScenario, type Journal } from '../run.ts';
import { runOptions, type RunFlags } from './run.ts';

export interface ParityFlags extends RunFlags {
  repeat: string;
  only: string[];
}

const compared = ['netns', 'docker'] as const;

/** Delays may differ by this much between the medians: what the two ways of starting a process and scheduling it cost. */
const toleranceMs = 50;
const delays = ['fallbackDelayMs', 'nextAddressDelayMs', 'recoveryMs', 'returnMs'] as const satisfies readonly (keyof Findings)[];

/** What is known to differ, and why. Anything else is a bug. */
export const deviations: readonly { scenario: string; finding: string; withinMs: number; reason: string }[] = [
  { scenario: 'recovery', finding: 'returnMs', withinMs: 2_000, reason: 'healing restarts a process, which an engine does more slowly; the delay is counted from the call' },
  { scenario: 'host-vanishes', finding: 'returnMs', withinMs: 2_000, reason: 'counted from the call to heal, and the neighbour’s return takes up to a second of ND retransmission' },
];

/** Exit status: 0 no undeclared difference, 1 there is one, 3 a run could not be done. */
export async function parity(flags: ParityFlags): Promise<number> {
  const repeat = Number(flags.repeat);
  if (!Number.isInteger(repeat) || repeat < 1) throw new LabError('BAD_INPUT', `Expected --repeat to be a whole number, 1 or more, got \`${flags.repeat}\`.`);
  // What needs a server that the containers have not can be compared with nothing.
  const names = flags.only.length > 0 ? flags.only : scenarioNames.filter((name) => (scenarios as Record<string, Scenario>)[name]?.needs === undefined);
  const width = Math.max(...names.map((name) => name.length));
  console.log(pc.dim(`${'scenario'.padEnd(width)}  ${compared.map((driver) => `${driver.padEnd(7)} median`.padEnd(18)).join(' ')} the delay that matters, in ms`));
  let worst = 0;
  for (const name of names) {
    const journals: Journal[][] = [];
    for (const driver of compared) {
      const runs: Journal[] = [];
      for (let done = 0; done < repeat; done++) {
        const options = await runOptions(name, { ...flags, driver });
        const finished = await runScenario(options);
        await writeRunFiles(finished);
        runs.push(finished.journal);
        if (finished.journal.status !== 'completed') throw new LabError('START_FAILED', `${name} on ${driver} ${finished.journal.status}: ${finished.journal.error ?? ''}`);
      }
      journals.push(runs);
    }
    const [left = [], right = []] = journals;
    const differences = compare(left, right);
    const cells = journals.map((runs) => `${verdictOf(runs).padEnd(7)} ${(medianOf(runs.map(({ durationMs }) => durationMs)) ?? 0).toFixed(0)} ms`.padEnd(18));
    const marks = differences.map(({ finding, text, byMs }) => {
      const declared = deviations.find((deviation) => deviation.scenario === name && deviation.finding === finding && byMs !== null && byMs <= deviation.withinMs);
      if (!declared) worst = 1;
      return declared ? pc.dim(`  ≈ ${text} (declared: ${declared.reason})`) : pc.red(`  ✘ ${text}`);
    });
    console.log(`${name.padEnd(width)}  ${cells.join(' ')} ${delayText(left, right)}`);
    for (const mark of marks) console.log(mark);
  }
  console.log(worst === 0 ? `\n${pc.green('same verdicts, same findings')}` : `\n${pc.red('an undeclared difference')}`);
  return worst;
}

interface Difference {
  finding: string;
  text: string;
  /** Of two delays, by how much; null where one is none, or it is no delay. */
  byMs: number | null;
}

/** Where two drivers' runs of a scenario differ: verdicts, counts, the course of the attempts, and delays beyond the tolerance. */
export function compare(left: readonly Journal[], right: readonly Journal[]): Difference[] {
  const differences: Difference[] = [];
  const same = (finding: string, valueOf: (journal: Journal) => unknown): void => {
    const [one = '', other = ''] = [left, right].map((runs) => [...new Set(runs.map((journal) => JSON.stringify(valueOf(journal))))].sort().join(' or '));
    if (one !== other) differences.push({ finding, text: `${finding}: ${differenceOf(one, other)}`, byMs: null });
  };
  same('verdict', ({ verdict }) => verdict);
  same('checks', ({ checks }) => checks.map(({ verdict }) => verdict));
  for (const finding of ['requests', 'perBackend', 'connections', 'dnsQueries', 'queryOrder', 'requestsOnWire', 'reResolutions'] as const) same(finding, ({ findings }) => findings[finding]);
  // By request: what two requests do at the same time has no order.
  same('attempts', ({ findings: { attempts } }) => attempts.toSorted((a, b) => a.request - b.request).map(({ request, address, outcome }) => `#${request} ${address} ${outcome}`));
  for (const finding of delays) {
    const [one, other] = [left, right].map((runs) => medianOf(runs.map(({ findings }) => findings[finding])));
    if ((one === null) !== (other === null) || Math.abs((one ?? 0) - (other ?? 0)) > toleranceMs) {
      const byMs = typeof one === 'number' && typeof other === 'number' ? Math.abs(one - other) : null;
      differences.push({ finding, text: `${finding}: ${one?.toFixed(1) ?? 'none'} and ${other?.toFixed(1) ?? 'none'}`, byMs });
    }
  }
  return differences;
}

/** Two long texts from a little before they part. */
function differenceOf(one: string, other: string): string {
  let parting = 0;
  while (parting < one.length && one[parting] === other[parting]) parting++;
  const from = Math.max(parting - 20, 0);
  const excerpt = (text: string): string => `${from > 0 ? '…' : ''}${text.slice(from, from + 80)}${text.length > from + 80 ? '…' : ''}`;
  return `${excerpt(one)} and ${excerpt(other)}`;
}

function medianOf(values: readonly (number | null)[]): number | null {
  const sorted = values.filter((value) => value !== null).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? null;
}

function verdictOf(runs: readonly Journal[]): string {
  return [...new Set(runs.map(({ verdict }) => verdict))].join('/');
}

function delayText(left: readonly Journal[], right: readonly Journal[]): string {
  for (const finding of delays) {
    const [one, other] = [left, right].map((runs) => medianOf(runs.map(({ findings }) => findings[finding])));
    if (one !== null && one !== undefined && other !== null && other !== undefined) return pc.dim(`${finding.replace(/Ms$/, '')} ${one.toFixed(1)} · ${other.toFixed(1)}`);
  }
  return '';
}

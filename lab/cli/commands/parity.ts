/** `lab parity`: runs every scenario on both drivers with the same seed, and compares them. A difference is a declared deviation or a bug. */
import { pc } from '../../vocabulary/terminal.ts';
import { scenarioNames } from '../../../scenarios/index.ts';
import type { Findings } from '../../analysis/findings.ts';
import { median } from '../../analysis/median.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';
import { writeRunFiles } from '../../report/run-files.ts';
import { missingPart } from '../../run/missing-part.ts';
import type { Journal } from '../../run/journal.ts';
import { runScenario } from '../../run/run-scenario.ts';
import { exitStatusOf, runOptions, type RunFlags } from './run.ts';

export interface ParityFlags extends RunFlags {
  repeat: string;
  only: string[];
}

const compared = ['netns', 'docker'] as const;

/**
 * The medians of a delay may differ by this much. A delay between packets differs because the two drivers schedule processes differently.
 * Recovery and return are times of whole requests: programs run at both ends, and a busy machine makes them slow. A retransmission that
 * happens on one driver only still shows, because the shortest timer of TCP is 200 ms (TCP_RTO_MIN).
 */
const toleranceMs = { fallbackDelayMs: 50, nextAddressDelayMs: 50, recoveryMs: 180, returnMs: 180 } as const satisfies Partial<Record<keyof Findings, number>>;
const delays = Object.keys(toleranceMs) as (keyof typeof toleranceMs)[];

/** A known difference between the drivers. `withinMs`: a delay may differ by so many ms. Not set for a finding that is not a delay. */
interface Deviation {
  scenario: string;
  findings: readonly string[];
  withinMs?: number;
  reason: string;
}

/** All known differences and their reasons. Any other difference is a bug. */
export const deviations: readonly Deviation[] = [
  { scenario: 'recovery', findings: ['returnMs'], withinMs: 2_000, reason: 'healing restarts a process, which takes longer on docker, and the delay is counted from the call to heal' },
  { scenario: 'host-vanishes', findings: ['returnMs'], withinMs: 2_000, reason: 'the delay is counted from the call to heal, and Neighbour Discovery repeats its question only after a second, so the host is found up to a second later' },
  {
    scenario: 'slow-ipv6',
    findings: ['requests', 'perBackend', 'connections', 'requestsOnWire', 'dnsQueries', 'attempts', 'reResolutions'],
    reason: 'in the step of 250 ms the answer and the client’s timer come at the same time, and the scenario repeats the last step that IPv6 won. The checks allow both results',
  },
  {
    scenario: 'resolver-choice',
    findings: ['attempts'],
    reason: 'libc looks up two names at once, on two threads. It is chance which of them asks first, and so which of the two requests gets which answer',
  },
  { scenario: 'flapping-backend', findings: ['requests', 'perBackend', 'connections', 'requestsOnWire'], reason: 'the client makes requests as long as the link flaps, so their number depends on the speed of the machine. The checks bound it' },
  { scenario: 'flapping-backend', findings: ['recoveryMs'], withinMs: 800, reason: 'it is chance whether the link is up or down at the first request' },
  { scenario: 'hot-reload', findings: ['recoveryMs'], withinMs: 800, reason: 'while the engine starts the new process, requests of the load wait in the old one, which answers them first' },
];

/** Returns the deviation that covers a difference, or undefined if none is declared. */
export function declared(scenario: string, { finding, byMs }: Difference): Deviation | undefined {
  return deviations.find((each) => each.scenario === scenario && each.findings.includes(finding) && (each.withinMs === undefined || (byMs !== null && byMs <= each.withinMs)));
}

/** Exit status: 0 without an undeclared difference, 1 with one. 129, 130 or 143 when interrupted. @throws {LabError} (exit status 3) when a run was not completed, or no scenario could run. */
export async function parity(flags: ParityFlags): Promise<number> {
  const repeat = readValue(wholeNumber(1, 1_000), flags.repeat, '--repeat');
  const { names, skipped } = await runnable(flags);
  for (const line of skipped) console.log(line);
  if (names.length === 0) throw new LabError('NOT_SUPPORTED', 'No scenario was compared: none of them can run on both drivers here.');
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
        await writeRunFiles(finished, flags.results);
        runs.push(finished.journal);
        if (finished.journal.status === 'interrupted') return exitStatusOf(finished.journal);
        if (finished.journal.status !== 'completed') throw new LabError('START_FAILED', `${name} on ${driver} ${finished.journal.status}: ${finished.journal.error ?? ''}`);
      }
      journals.push(runs);
    }
    const [left = [], right = []] = journals;
    const differences = compare(left, right);
    const cells = journals.map((runs) => `${verdictOf(runs).padEnd(7)} ${(medianOf(runs.map(({ durationMs }) => durationMs)) ?? 0).toFixed(0)} ms`.padEnd(18));
    const reasons = new Set<string>();
    const marks = differences.map((difference) => {
      const known = declared(name, difference);
      if (!known) worst = 1;
      else reasons.add(known.reason);
      return known ? pc.dim(`  ≈ ${difference.text}`) : pc.red(`  ✘ ${difference.text}`);
    });
    for (const reason of reasons) marks.push(pc.dim(`    declared: ${reason}`));
    console.log(`${name.padEnd(width)}  ${cells.join(' ')} ${delayText(left, right)}`);
    for (const mark of marks) console.log(mark);
  }
  console.log(worst === 0 ? `\n${pc.green('same verdicts, same findings')}` : `\n${pc.red('there is an undeclared difference')}`);
  return worst;
}

/** The scenarios that can run on both drivers, and a line for each one that cannot. @throws {LabError} BAD_INPUT for an unknown name. */
export async function runnable(flags: ParityFlags): Promise<{ names: string[]; skipped: string[] }> {
  const names: string[] = [];
  const skipped: string[] = [];
  for (const name of flags.only.length > 0 ? flags.only : scenarioNames) {
    const { scenario } = await runOptions(name, { ...flags, driver: 'netns' });
    const missing = (await Promise.all(compared.map(async (driver) => {
      const reason = await missingPart(scenario, await chooseDriver(driver));
      return reason === null ? [] : [`on ${driver} it ${reason}`];
    }))).flat();
    if (missing.length === 0) names.push(name);
    else skipped.push(`  ${pc.yellow('skipped')}  ${name}: ${missing.join('; ')}`);
  }
  return { names, skipped };
}

interface Difference {
  finding: string;
  text: string;
  /** The difference of two delays, in ms. Null if one run has no such delay, or if the finding is not a delay. */
  byMs: number | null;
}

/** Returns the differences between the runs of a scenario on two drivers: verdicts, counts, the attempts of each request, and delays beyond the tolerance. */
export function compare(left: readonly Journal[], right: readonly Journal[]): Difference[] {
  const differences: Difference[] = [];
  const same = (finding: string, valueOf: (journal: Journal) => unknown): void => {
    const [one = '', other = ''] = [left, right].map((runs) => [...new Set(runs.map((journal) => JSON.stringify(valueOf(journal))))].sort().join(' or '));
    if (one !== other) differences.push({ finding, text: `${finding}: ${differenceOf(one, other)}`, byMs: null });
  };
  same('verdict', ({ verdict }) => verdict);
  same('checks', ({ checks }) => checks.map(({ verdict }) => verdict));
  for (const finding of ['requests', 'perBackend', 'connections', 'dnsQueries', 'queryOrder', 'requestsOnWire', 'reResolutions'] as const) same(finding, ({ findings }) => findings[finding]);
  // Sorted by request, because the attempts of two requests at the same time have no fixed order.
  same('attempts', ({ findings: { attempts } }) => attempts.toSorted((a, b) => a.request - b.request).map(({ request, address, outcome }) => `#${request} ${address} ${outcome}`));
  for (const finding of delays) {
    const [one, other] = [left, right].map((runs) => medianOf(runs.map(({ findings }) => findings[finding])));
    if ((one === null) !== (other === null) || Math.abs((one ?? 0) - (other ?? 0)) > toleranceMs[finding]) {
      const byMs = typeof one === 'number' && typeof other === 'number' ? Math.abs(one - other) : null;
      differences.push({ finding, text: `${finding}: ${one?.toFixed(1) ?? 'none'} and ${other?.toFixed(1) ?? 'none'}`, byMs });
    }
  }
  return differences;
}

/** Returns an excerpt of each of two long texts. It begins shortly before the place where they differ. */
function differenceOf(one: string, other: string): string {
  let parting = 0;
  while (parting < one.length && one[parting] === other[parting]) parting++;
  const from = Math.max(parting - 20, 0);
  const excerpt = (text: string): string => `${from > 0 ? '…' : ''}${text.slice(from, from + 80)}${text.length > from + 80 ? '…' : ''}`;
  return `${excerpt(one)} and ${excerpt(other)}`;
}

function medianOf(values: readonly (number | null)[]): number | null {
  return median(values.filter((value) => value !== null));
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

/** One run: lab up, stimulus and faults, analysis, verdict, lab down. */
import type { ClientOptions } from '../../client/client-options.ts';
import { overallVerdict, type Check, type Verdict } from '../analysis/checks.ts';
import { findingsOf, type Findings } from '../analysis/findings.ts';
import { captureFile } from '../wire/capture-file.ts';
import { isOwn, optionsFor, optionsNotApplied, parseClient } from '../clients/index.ts';
import type { Driver } from '../network/drivers/driver.ts';
import type { ClockReading } from '../network/clock.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { checkExpectation, type Expectation } from '../analysis/expectations.ts';
import { unlessAborted, withinLimit } from '../vocabulary/limits.ts';
import { createLab, type Lab } from './lab.ts';
import type { Scenario } from './scenario.ts';
import { setStage } from './stage.ts';
import { Timeline, type Subscriber } from './timeline.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { release } from 'node:os';

export interface RunOptions {
  name: string;
  scenario: Scenario;
  driver: Driver;
  /** A name of the table in clients.ts, or a command. */
  client: string;
  /** On docker: the image that the client runs from, in the place of the lab's own. */
  clientImage?: string;
  /** What was asked for on the command line, over what the scenario wants. */
  clientOptions: Partial<ClientOptions>;
  seed: string;
  /** Bounds that the findings must keep, beyond what the scenario checks. */
  expectations?: readonly Expectation[];
  /** Aborting ends the run at once, with everything cleaned up. */
  signal: AbortSignal;
  onEvent?: Subscriber;
}

/** journal.json: read by tools and CI; extended, never renamed. */
export interface Journal {
  scenario: string;
  driver: string;
  client: string;
  /** The image that it ran from, where it was not the lab's own. */
  clientImage: string | null;
  clientOptions: ClientOptions;
  /** What of them a client that is not ours could not be given. */
  optionsNotApplied: string[];
  seed: number;
  /** How the run went. */
  status: 'completed' | 'failed' | 'interrupted';
  /** What it showed. */
  verdict: Verdict;
  startedAt: string;
  durationMs: number;
  /** Null where the set-up did not come to its end. */
  setupMs: number | null;
  platform: { kernel: string; node: string; engine: string | null; clientVersion: string | null };
  /** The hosts' clock against the orchestrator's, and how well that is known; null where no lab came up. */
  clock: ClockReading | null;
  /** Why the run did not complete, or null. */
  error: string | null;
  /** What the capture holds, and what it lost; null where no lab came up. */
  wire: { frames: number; dropped: number } | null;
  doubts: string[];
  checks: Check[];
  findings: Findings;
}

export interface FinishedRun {
  journal: Journal;
  events: readonly TimelineEvent[];
  /** wire.pcapng, or null where no lab came up. */
  capture: Buffer | null;
  /** What the scenario's `run` gave, if it came to its end. */
  data: unknown;
}

const defaultLimitMs = 30_000;
/** Any other client may need a process for each request, and may wait long for an answer that ours gives up. */
const foreignLimitFactor = 30;

/**
 * Runs a scenario to its end, whatever that is; the lab is gone when this returns.
 * A run that could not be done is a journal with status `failed` or `interrupted`, not an exception.
 */
export async function runScenario(options: RunOptions): Promise<FinishedRun> {
  const { name, scenario, driver, seed, signal } = options;
  const client = parseClient(options.client);
  const startedAt = new Date().toISOString();
  const start = performance.now();
  const timeline = new Timeline();
  if (options.onEvent) timeline.subscribe(options.onEvent);
  const clientOptions = optionsFor(client, scenario.client ?? {}, options.clientOptions);
  const limitMs = (scenario.limitMs ?? defaultLimitMs) * (isOwn(client) ? 1 : foreignLimitFactor);
  const topology = createTopology(scenario.topology);
  let setupMs: number | undefined;
  let lab: Lab | undefined;
  let data: unknown;
  let clientVersion: string | null = null;
  const notApplied = new Set<string>();
  const onClient = (version: string): void => { clientVersion = version; };
  const onOptions = (applied: ClientOptions): void => { for (const key of optionsNotApplied(client, applied)) notApplied.add(key); };
  let error: LabError | undefined;
  const failedBy = (thrown: unknown): LabError => (thrown instanceof LabError ? thrown : new LabError('START_FAILED', messageOf(thrown), { cause: thrown }));
  // Ends what a scenario that was cut short still waits for, so that this process can end.
  const over = new AbortController();

  try {
    lab = await createLab({ driver, timeline, seed, topology: scenario.topology ?? {} });
    const running = lab;
    await unlessAborted(signal, async () => {
      const stage = await setStage({ lab: running, client, clientImage: options.clientImage, options: clientOptions, asked: options.clientOptions, limitMs, seed, over: over.signal, onClient, onOptions });
      setupMs = performance.now() - start;
      timeline.start();
      data = await withinLimit('The scenario', limitMs, scenario.run(stage));
    });
    await lab.settle();
  } catch (thrown) {
    error = failedBy(thrown);
  } finally {
    over.abort();
    await lab?.[Symbol.asyncDispose]();
    timeline.flush();
  }

  const events = timeline.events;
  const findings = findingsOf(events.filter(({ tMs }) => tMs >= 0), topology);
  const result = { findings, events, topology, client: clientOptions, data };
  let checks: Check[] = [];
  try {
    if (error === undefined) checks = [...scenario.checks(result), ...(isOwn(client) ? (scenario.contract?.(result) ?? []) : []), ...(options.expectations ?? []).map((each) => checkExpectation(each, findings))];
  } catch (thrown) {
    error = failedBy(thrown);
  }
  const doubts = [...(lab?.doubts ?? [])];
  const captured = lab?.wire ?? null;
  const comment = `${name} on ${driver.name} with ${client.name}, seed ${seed}: ${scenario.title}`;
  return {
    events,
    data,
    capture: captured && captureFile({ captured, events, topology, hostMs: (tMs) => timeline.hostMs(tMs), comment }),
    journal: {
      scenario: name,
      driver: driver.name,
      client: client.name,
      clientImage: options.clientImage ?? null,
      clientOptions,
      optionsNotApplied: [...notApplied],
      seed: Number(seed),
      status: error === undefined ? 'completed' : error.code === 'INTERRUPTED' ? 'interrupted' : 'failed',
      verdict: error === undefined ? overallVerdict(checks, doubts) : 'unknown',
      startedAt,
      durationMs: tenths(performance.now() - start),
      setupMs: setupMs === undefined ? null : tenths(setupMs),
      platform: { kernel: release(), node: process.version, engine: lab?.network.engine ?? null, clientVersion },
      clock: setupMs === undefined || !lab ? null : lab.clock,
      error: error?.message ?? null,
      wire: captured && { frames: captured.frames.length, dropped: captured.dropped },
      doubts,
      checks,
      findings,
    },
  };
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

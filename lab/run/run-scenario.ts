/** One run of a scenario: starts the lab, runs stimulus and faults, ends the lab, and makes findings, checks and a verdict. */
import type { ClientOptions } from '../../client/client-options.ts';
import { checkUnless, overallVerdict, type Check } from '../analysis/checks.ts';
import { findingsOf } from '../analysis/findings.ts';
import { isOwn, optionsNotApplied, parseClient } from '../clients/index.ts';
import type { Driver } from '../network/drivers/driver.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { checkExpectation, type Expectation } from '../analysis/expectations.ts';
import { interruptionOf, unlessAborted, usualPatienceMs, withinLimit } from '../vocabulary/limits.ts';
import { createLab, type Lab } from './lab.ts';
import { clientOptionsOf, labChangeOf } from './lab-change.ts';
import type { FinishedRun } from './journal.ts';
import { firstResolver } from './resolvers.ts';
import type { Scenario } from './scenario.ts';
import { setStage } from './stage.ts';
import { Timeline, type Subscriber } from './timeline.ts';
import type { ResolverName } from '../vocabulary/resolvers.ts';
import { addressesOf, createTopology } from '../vocabulary/topology.ts';
import { release } from 'node:os';

export interface RunOptions {
  name: string;
  scenario: Scenario;
  driver: Driver;
  /** A name of the table in lab/clients/index.ts, or a command. */
  client: string;
  /** On docker: the client runs from this image instead of the lab's own image. */
  clientImage?: string;
  /** The options of the command line. They overrule what the scenario asks for. */
  clientOptions: Partial<ClientOptions>;
  /** How many backends the lab has, in the place of the scenario's number. */
  backends?: number;
  /** Lines of the client's resolv.conf, after those of the scenario. */
  resolvConf?: readonly string[];
  /** The resolver between the client and the DNS server. A scenario that needs one takes the first that is found if this is not set. */
  resolver?: ResolverName;
  /** This resolver answers with expired records if the DNS server fails (RFC 8767). */
  serveStale?: boolean;
  seed: string;
  /** How long the scenario waits for a request that may never end, in ms; `usualPatienceMs` if not set. Its own time limit moves by as much. */
  patienceMs?: number;
  /** The command that repeats the run, for the journal. */
  command?: string;
  /** Bounds that the findings must keep, beside the checks of the scenario. */
  expectations?: readonly Expectation[];
  /** Aborting it ends the run at once, and everything is cleaned up. */
  signal: AbortSignal;
  onEvent?: Subscriber;
}

const defaultLimitMs = 30_000;
/** An external client gets a longer limit: it may need a new process for each request, and may wait much longer for an answer than ours. */
const externalLimitFactor = 30;
/** What the processes of a run that was cut short have already written is here after some ms. */
const lastWordsLimitMs = 1_000;

/**
 * Runs a scenario to its end. The lab is gone when the promise resolves. If the run could not complete, the promise still resolves: the
 * journal then has the status `failed` or `interrupted`, and with it come the events and the packets so far.
 */
export async function runScenario(options: RunOptions): Promise<FinishedRun> {
  const { name, scenario, driver, seed, signal, resolvConf: given = [], patienceMs = usualPatienceMs } = options;
  const client = parseClient(options.client);
  const startedAt = new Date().toISOString();
  const start = performance.now();
  const timeline = new Timeline();
  if (options.onEvent) timeline.subscribe(options.onEvent);
  const clientOptions = clientOptionsOf(options);
  const limitMs = (scenario.limitMs ?? defaultLimitMs) * (isOwn(client) ? 1 : externalLimitFactor) + Math.max(patienceMs - usualPatienceMs, 0);
  let change = labChangeOf(options);
  let topology = createTopology(change);
  let setupMs: number | undefined;
  let lab: Lab | undefined;
  let data: unknown;
  let clientVersion: string | null = null;
  const notApplied = new Set<string>();
  const onClient = (version: string): void => { clientVersion = version; };
  const onOptions = (applied: ClientOptions): void => { for (const key of optionsNotApplied(client, applied)) notApplied.add(key); };
  let error: LabError | undefined;
  const doubts: string[] = [];
  // Aborts when the run is over. The reason says why, if it was cut short: by an interruption, or by a request that could not be made.
  const over = new AbortController();
  const onInterrupt = (): void => { over.abort(interruptionOf(signal)); };
  const onBroken = (thrown: unknown): void => { over.abort(asLabError(thrown)); };
  if (signal.aborted) onInterrupt();
  else signal.addEventListener('abort', onInterrupt);

  try {
    if (scenario.needsResolver && change.resolver === undefined) {
      change = labChangeOf({ ...options, resolver: await firstResolver(driver) });
      topology = createTopology(change);
    }
    lab = await createLab({ driver, timeline, seed, topology: change, signal: over.signal });
    const running = lab;
    void running.network.ended.then((reason) => { over.abort(networkEnded(reason)); });
    const setting = { lab: running, client, clientImage: options.clientImage, options: clientOptions, asked: options.clientOptions, limitMs, patienceMs, seed, over: over.signal, onBroken, onClient, onOptions };
    const stage = await unlessAborted(over.signal, () => setStage(setting));
    setupMs = performance.now() - start;
    timeline.start();
    data = await withinLimit('The scenario', limitMs, unlessAborted(over.signal, () => scenario.run(stage)));
    await unlessAborted(over.signal, () => running.settle());
  } catch (thrown) {
    error = asLabError(thrown);
  }
  signal.removeEventListener('abort', onInterrupt);
  over.abort();
  let isDisturbed = false;
  if (lab && error && error.code !== 'INTERRUPTED') {
    // The end of a host shows first as the end of the processes on it.
    const reason = error.code === 'NETWORK_ENDED' ? null : await lab.network.look();
    if (reason !== null) error = networkEnded(reason, error);
    isDisturbed = error.code === 'NETWORK_ENDED' || lab.processes.isDisturbed;
  }
  if (lab && error) await withinLimit('Reading the last events', lastWordsLimitMs, lab.settle()).catch((thrown: unknown) => { doubts.push(`the last events and packets may be missing: ${messageOf(thrown)}`); });
  const stillUp = await lab?.[Symbol.asyncDispose]().then(() => null, (thrown: unknown) => {
    isDisturbed ||= asLabError(thrown).code === 'NETWORK_ENDED';
    return `The lab could not be taken down: ${messageOf(thrown)}`;
  });
  timeline.flush();

  /** Also an error of the analysis must not lose what was measured. */
  const orElse = <T>(instead: T, work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      error ??= asLabError(thrown);
      return instead;
    }
  };
  const events = timeline.events;
  const ofTheRun = events.filter(({ tMs }) => tMs >= 0);
  const findings = orElse(findingsOf([], topology), () => findingsOf(ofTheRun, topology));
  const judge = (): Check[] => {
    const result = { findings, events, topology, client: clientOptions, data };
    const contract = isOwn(client) ? (scenario.contract?.(result) ?? []) : [];
    const own = [...scenario.checks(result), ...(clientOptions.http === '2' && !scenario.http2 ? contract.map(overHttp2) : contract)];
    return [...(topology.resolver === null || scenario.needsResolver ? own : own.map(behindCache)), ...(options.expectations ?? []).map((each) => checkExpectation(each, findings, ofTheRun))];
  };
  const checks = error === undefined ? orElse([], judge) : [];
  const plot = error === undefined ? orElse(null, () => scenario.plot?.({ findings, events, topology }) ?? null) : null;
  const captured = lab?.wire ?? null;
  const comment = `${name} on ${driver.name} with ${client.name}, seed ${seed}: ${scenario.title}`;
  const capture = orElse(null, () => lab?.captureFile(comment) ?? null);
  doubts.unshift(...(lab?.doubts ?? []));
  const problems = [error?.message, stillUp].filter((problem) => typeof problem === 'string');
  const status = problems.length === 0 ? 'completed' : error?.code === 'INTERRUPTED' ? 'interrupted' : isDisturbed ? 'disturbed' : 'failed';
  return {
    events,
    topology,
    data,
    capture,
    journal: {
      scenario: name,
      driver: driver.name,
      client: client.name,
      command: options.command ?? null,
      about: { title: scenario.title, teaches: scenario.teaches, predict: scenario.predict, explains: scenario.explains, sources: scenario.sources },
      clientImage: options.clientImage ?? null,
      clientOptions,
      optionsNotApplied: [...notApplied],
      seed: Number(seed),
      network: change,
      clientAddresses: addressesOf(topology, 'client'),
      resolvConf: topology.resolvConf && [...topology.resolvConf],
      resolvConfGiven: [...given],
      resolver: lab?.resolver ? { name: lab.resolver.name, version: lab.resolver.version, serveStale: topology.serveStale } : null,
      status,
      verdict: status === 'completed' ? overallVerdict(checks, doubts) : 'unknown',
      startedAt,
      durationMs: tenths(performance.now() - start),
      setupMs: setupMs === undefined ? null : tenths(setupMs),
      platform: { kernel: release(), node: process.version, engine: lab?.network.engine ?? null, clientVersion },
      clock: setupMs === undefined || !lab ? null : lab.clock,
      error: problems.length === 0 ? null : problems.join(' '),
      wire: captured && { frames: captured.frames.length, dropped: captured.dropped },
      doubts,
      checks,
      findings,
      plot,
    },
  };
}

/** The contract says what our client does over HTTP/1.1. A scenario about HTTP/2 has a contract for that. */
function overHttp2(own: Check): Check {
  return own.verdict === 'fail' ? checkUnless(`${own.observed}; this is written for HTTP/1.1, and http=2 may be the reason`, own) : own;
}

/** The scenario says what a client does that asks the DNS server itself. With a cache in between, a check that fails says nothing about the client. */
function behindCache(own: Check): Check {
  return own.verdict === 'fail' ? checkUnless(`${own.observed}; the scenario is written for a client without a resolver in between, so the cache may be the reason`, own) : own;
}

function networkEnded(reason: string, cause?: LabError): LabError {
  return new LabError('NETWORK_ENDED', `The lab network ended during the run: ${reason}`, { cause });
}

function asLabError(thrown: unknown): LabError {
  return thrown instanceof LabError ? thrown : new LabError('START_FAILED', messageOf(thrown), { cause: thrown });
}

function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}

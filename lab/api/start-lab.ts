/** A lab in somebody's own tests. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientOptions } from '../../client/client-options.ts';
import type { Behaviour } from '../../services/backend/behaviour.ts';
import { findingsOf, type Findings } from '../analysis/findings.ts';
import { findClient } from '../clients/find-client.ts';
import { askedOptions, optionsFor, parseClient } from '../clients/index.ts';
import type { StageClient } from '../clients/stage-client.ts';
import type { AppliedFault } from '../faults/in-force.ts';
import type { FaultName } from '../faults/index.ts';
import { chooseDriver } from '../network/drivers/index.ts';
import { runtimeMissing } from '../network/programs.ts';
import type { DnsControl } from '../run/dns-control.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { clientContext } from '../run/stage.ts';
import { Timeline } from '../run/timeline.ts';
import { LabError } from '../vocabulary/errors.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { interruptionOf } from '../vocabulary/limits.ts';
import { readSeed } from '../vocabulary/options.ts';
import { urlOf, type BackendName, type TargetName, type Topology, type TopologyChange } from '../vocabulary/topology.ts';

/** How a lab is made. */
export interface LabOptions {
  /** `netns` (Linux namespaces), `docker`, or `auto`: the first one that this machine can run. The default is `auto`. */
  driver?: 'auto' | 'netns' | 'docker';
  /** Repeats every shuffled answer and every random draw exactly. The default is 1. */
  seed?: number;
  /** Changes to the network: another number of backends, another address of the client, another resolv.conf. */
  topology?: TopologyChange;
  /** Takes the lab down when it aborts, and ends what waits for it. Pass the signal of the test, so that a test that runs into its time limit leaves no lab. */
  signal?: AbortSignal;
}

/** A lab that is up. Every function that returns a promise resolves when the events of what it did are there. */
export interface StartedLab extends AsyncDisposable {
  /** The URL that a client asks for: a name with the addresses of all backends. */
  readonly url: string;
  /** The names of the backends: `backend-1`, `backend-2`, `backend-3`, or as many as `topology.backends` asks for. */
  readonly backends: readonly BackendName[];
  /** The hosts and their addresses: `topology.hosts['backend-1'].ipv4`. */
  readonly topology: Topology;
  /** The switches of the DNS server's answer policy. */
  readonly dns: DnsControl;
  /** Every event since the lab is up, in the order of time (docs/results.md lists all). Times are in ms since then. */
  readonly events: readonly TimelineEvent[];
  /** Why the findings may be wrong: a fault without effect, a process that ended, frames that were lost. Empty if all went well. */
  readonly doubts: readonly string[];
  /**
   * Starts a client on the client's host, with the files of this machine. A text is a name (`lab clients` lists them) or a command, as `--client` of
   * the command line; a list is the argv of a command. A command with `{url}` in it runs once for each request. Without it, it runs once, and reads
   * and writes lines of JSON (docs/clients.md). The default is our own client, `node-fetch`, and `options` are its options.
   * @throws {LabError} BAD_INPUT for an unknown name or option, MISSING_TOOL when there is no such program, START_FAILED when it does not start.
   */
  client(client?: string | readonly string[], options?: Partial<ClientOptions>): Promise<StageClient>;
  /**
   * Puts a fault in force on a host, and looks for its effect. An effect that was not seen is a doubt, not an error. `heal()` of the result takes it back.
   * @throws {LabError} BAD_INPUT for an unknown fault, host or option; NOT_SUPPORTED where this machine cannot do it.
   */
  apply(fault: FaultName, host: TargetName, options?: Readonly<Record<string, string | number>>): Promise<AppliedFault>;
  /** Changes the behaviour of a backend's application, for instance `{ delayMs: 200 }`. @throws {LabError} BAD_INPUT for an unknown field or value. */
  behave(backend: BackendName, change: Partial<Behaviour>): Promise<void>;
  /** Resolves with true when an event that `isIt` accepts is there, also a past one, and with false after `limitMs` (1000 ms if it is not given). */
  until(isIt: (event: TimelineEvent) => boolean, limitMs?: number): Promise<boolean>;
  /** Waits `delayMs` as a part of the stimulus. It ends with the lab. */
  wait(delayMs: number): Promise<void>;
  /**
   * What the client did since the lab is up, in numbers (docs/results.md lists all findings).
   * @throws {LabError} DOUBTS if the lab has doubts, unless `withDoubts` asks for the findings all the same.
   */
  findings(options?: { withDoubts?: boolean }): Findings;
}

/** The limit of one request of our own client, in ms: the same as in a scenario. */
const requestLimitMs = 30_000;

/** See `startLab` in index.ts. */
export async function startTestLab({ driver = 'auto', seed = 1, topology = {}, signal }: LabOptions): Promise<StartedLab> {
  const missing = runtimeMissing();
  if (missing !== null) throw new LabError('NOT_SUPPORTED', missing);
  const timeline = new Timeline();
  const options = { driver: await chooseDriver(driver), seed: readSeed(String(seed)), topology, timeline };
  const lab = await startLab({ ...options, ...(signal && { signal }) });
  try {
    await lab.startCapture();
    signal?.throwIfAborted();
  } catch (error) {
    await lab[Symbol.asyncDispose]();
    throw signal?.aborted ? interruptionOf(signal) : error;
  }
  timeline.start();
  return handleOf(lab, timeline, signal);
}

function handleOf(lab: Lab, timeline: Timeline, signal: AbortSignal | undefined): StartedLab {
  const over = new AbortController();
  const context = clientContext(lab, undefined);
  let disposing: Promise<void> | undefined;
  const dispose = (): Promise<void> => {
    signal?.removeEventListener('abort', onAbort);
    over.abort();
    return (disposing ??= lab[Symbol.asyncDispose]());
  };
  const onAbort = (): void => { void dispose().catch(() => undefined); };
  signal?.addEventListener('abort', onAbort);
  const isOver = (): boolean => over.signal.aborted;
  /** Does something with the lab, and waits for its last event. After the end of the lab, the reason of an error is that end. */
  const whileUp = async <T>(work: () => Promise<T>): Promise<T> => {
    const ended = (): LabError => (signal?.aborted ? interruptionOf(signal) : new LabError('NO_LAB', 'This lab was taken down.'));
    if (isOver()) throw ended();
    try {
      const result = await work();
      await lab.settle();
      // A request that the end of the lab has cut off has a result, too. It says nothing about the client.
      if (!isOver()) return result;
    } catch (error) {
      if (!isOver()) throw error;
    }
    throw ended();
  };
  return {
    url: urlOf(lab.topology),
    backends: lab.topology.backends,
    topology: lab.topology,
    dns: lab.dns,
    get events() { return timeline.events.filter(({ tMs }) => tMs >= 0); },
    get doubts() { return lab.doubts; },
    client: (words = 'node-fetch', options = {}) => whileUp(async () => {
      const client = parseClient(words);
      const asked = askedOptions(client, options);
      const { start } = await findClient(await context, client);
      const started = await start(optionsFor(client, {}, asked), requestLimitMs);
      const request: StageClient['request'] = (method, url) => whileUp(() => started.request(method, url));
      return { ...started, request, get: (url) => request('GET', url) };
    }),
    apply: (fault, host, options) => whileUp(() => lab.apply(fault, host, options)),
    behave: (backend, change) => whileUp(async () => { await lab.behave(backend, change); }),
    until: (isIt, limitMs = 1_000) => timeline.waitFor((event) => event.tMs >= 0 && isIt(event), limitMs, over.signal),
    wait: (delayMs) => sleep(delayMs, undefined, { signal: over.signal }),
    findings: ({ withDoubts = false } = {}) => {
      const { doubts, topology } = lab;
      if (doubts.length > 0 && !withDoubts) throw new LabError('DOUBTS', `The findings may be wrong: ${doubts.join('; ')}. To read them all the same: findings({ withDoubts: true }).`);
      return findingsOf(timeline.events.filter(({ tMs }) => tMs >= 0), topology);
    },
    [Symbol.asyncDispose]: dispose,
  };
}

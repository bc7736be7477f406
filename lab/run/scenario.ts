/**
 * What a scenario is: one file that holds everything. What it teaches, the changes to the lab, the stimulus, the faults, the
 * checks, and why it comes out as it does. Start a new one from baseline.ts; docs/scenarios.md walks through it.
 */
import type { Behaviour } from '../../services/backend/behaviour.ts';
import type { ClientOptions } from '../../client/client-options.ts';
import type { Check } from '../analysis/checks.ts';
import type { Findings } from '../analysis/findings.ts';
import type { StageClient } from '../clients/stage-client.ts';
import type { DnsControl } from './dns-control.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { ExternalServerName } from './external-servers/index.ts';
import type { RunningServer } from './external-servers/start.ts';
import type { AppliedFault } from '../faults/in-force.ts';
import type { BackendName, Topology, TopologyChange } from '../vocabulary/topology.ts';

/** What a scenario's stimulus works with. */
export interface Stage {
  readonly topology: Topology;
  readonly client: StageClient;
  readonly dns: DnsControl;
  /** Another client, beside the default one: for sweeps. */
  startClient: (options: Partial<ClientOptions>) => Promise<StageClient>;
  apply: (fault: string, host: string, options?: Record<string, string | number>) => Promise<AppliedFault>;
  /** Changes what a backend's application does: response delay, status, stall in mid-body, close after n requests. */
  behave: (backend: string, change: Partial<Behaviour>) => Promise<void>;
  /** Many kept-alive connections to one backend, busy and idle ones, from the observer's host. */
  startLoad: () => Promise<Load>;
  /** Many clients that keep a connection each and dial again when it ends, from the observer's host. */
  startRedialers: () => Promise<Redialers>;
  /** Puts a server that is not ours in a backend's place. @throws {LabError} MISSING_TOOL where it is not installed. */
  serve: (server: ExternalServerName, backend: BackendName) => Promise<RunningServer>;
  /** A remark on the timeline. */
  note: (text: string) => void;
  /** Waits: for what a scenario does at leisure, never for the lab to be ready. */
  wait: (delayMs: number) => Promise<void>;
  /** Waits for an event that says so, at most `limitMs`; a client that does not trace just idles that long. */
  until: (isIt: (event: TimelineEvent) => boolean, limitMs?: number) => Promise<boolean>;
  /** The backend that an address belongs to. @throws {LabError} when it belongs to none. */
  backendAt: (address: string | null) => BackendName;
}

export interface Load {
  /** Opens connections, each of which makes one request; the busy ones go on at a steady rate. What becomes of them are events. */
  open(address: string, connections: { busy: number; idle: number; requestsPerS: number }): Promise<void>;
  /** How many of all that were opened are still there. */
  alive(): Promise<{ busy: number; idle: number }>;
}

export interface Redialers {
  /** Opens `each` connections to every address, and makes a request on each. */
  open(addresses: readonly string[], each: number): Promise<void>;
  /** Every connection makes one request of `path`; resolves when all are answered. */
  ask(path: string): Promise<void>;
  /** How many connections each address has now, and how often one was dialled again so far. */
  state(): Promise<{ perAddress: Record<string, number>; redialled: number }>;
  /** Resolves when connections were dialled again, and answered, so many times in all. */
  redialled(count: number): Promise<void>;
  /** Ends them all. */
  close(): Promise<void>;
}

/** What a run left to judge. */
export interface Result<Data> {
  findings: Findings;
  events: readonly TimelineEvent[];
  topology: Topology;
  client: ClientOptions;
  data: Data;
}

export interface Scenario<Data = unknown> {
  /** One line, for the list. */
  title: string;
  /** What it teaches, in plain words. */
  teaches: string;
  /** What to predict before running it. */
  predict: string;
  /** Why it comes out as it does. */
  explains: string;
  /** The RFC sections, man pages or sources behind the explanation. */
  sources: readonly string[];
  /** The observations of docs/results.md it reproduces. */
  reproduces: readonly string[];
  topology?: TopologyChange;
  client?: Partial<ClientOptions>;
  /** A server that is not ours: where it is not installed, the run cannot be done, and says so. */
  needs?: ExternalServerName;
  /** The run is ended after this time. */
  limitMs?: number;
  run(stage: Stage): Promise<Data>;
  /** What must hold for every client. */
  checks(result: Result<Data>): Check[];
  /** What is pinned for our own client, beyond that. */
  contract?(result: Result<Data>): Check[];
}

/** Keeps the type of what `run` returns inside its own file. */
export function defineScenario<Data>(scenario: Scenario<Data>): Scenario<Data> {
  return scenario;
}

/**
 * What a scenario is. One file holds all of it: what it teaches, the changes to the lab, the stimulus, the faults, the checks, and the
 * explanation. Start a new one from scenarios/baseline.ts; docs/add-a-scenario.md shows how.
 */
import type { Behaviour } from '../../services/backend/behaviour.ts';
import type { ClientOptions } from '../../client/client-options.ts';
import type { Check } from '../analysis/checks.ts';
import type { Findings } from '../analysis/findings.ts';
import type { Plot } from '../analysis/plot.ts';
import type { StageClient } from '../clients/stage-client.ts';
import type { DnsControl } from './dns-control.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { ExternalServerName } from './external-servers/index.ts';
import type { RunningServer } from './external-servers/start-external-server.ts';
import type { AppliedFault } from '../faults/in-force.ts';
import type { BackendName, Topology, TopologyChange } from '../vocabulary/topology.ts';

/** What the stimulus of a scenario works with. */
export interface Stage {
  /** The hosts and their addresses: `topology.hosts['backend-1'].ipv4`. */
  readonly topology: Topology;
  /** The client under test. */
  readonly client: StageClient;
  /** The switches of the DNS server's answer policy. */
  readonly dns: DnsControl;
  /** Starts another client beside the default one, for instance with another option for each step. */
  startClient: (options: Partial<ClientOptions>) => Promise<StageClient>;
  /** Puts a fault in force on a host, and resolves when its effect was seen, or not seen. */
  apply: (fault: string, host: string, options?: Record<string, string | number>) => Promise<AppliedFault>;
  /** Changes the behaviour of a backend's application, for instance `{ delayMs: 200 }`. */
  behave: (backend: string, change: Partial<Behaviour>) => Promise<void>;
  /** Starts many kept-alive connections to one backend, busy and idle ones, from the observer's host: of HTTP/1.1, or of HTTP/2 in a lab that offers it. */
  startLoad: (options?: { http2?: boolean }) => Promise<Load>;
  /** Starts many clients on the observer's host. Each one keeps a connection, and dials again when it ends. */
  startRedialers: () => Promise<Redialers>;
  /** Puts an external server in the place of a backend. @throws {LabError} MISSING_TOOL where it is not installed. */
  serve: (server: ExternalServerName, backend: BackendName) => Promise<RunningServer>;
  /** Puts a remark on the timeline. */
  note: (text: string) => void;
  /** How long to wait for a request that may never end, in ms. */
  readonly patienceMs: number;
  /** Waits as a part of the stimulus. Never use it to wait until the lab has done something: `until` does that. */
  wait: (delayMs: number) => Promise<void>;
  /** Resolves with true when an event that `isIt` accepts is there, and with false after `limitMs`. A client without a trace writes no events, so this waits for the whole limit. */
  until: (isIt: (event: TimelineEvent) => boolean, limitMs?: number) => Promise<boolean>;
  /** The backend that an address belongs to. @throws {LabError} when it belongs to none. */
  backendAt: (address: string | null) => BackendName;
}

/** Many connections to one backend, from the observer's host. */
export interface Load {
  /** Opens connections. Each one makes one request, and the busy ones go on at a steady rate. Events tell what happens to them. */
  open(address: string, connections: { busy: number; idle: number; requestsPerS: number }): Promise<void>;
  /** How many of the opened connections are still open. */
  alive(): Promise<{ busy: number; idle: number }>;
}

/** Many clients on the observer's host that keep a connection each, and dial again when it ends. */
export interface Redialers {
  /** Opens `each` connections to every address, and makes a request on each. */
  open(addresses: readonly string[], each: number): Promise<void>;
  /** Makes one request for `path` on every connection. Resolves when all are answered. */
  ask(path: string): Promise<void>;
  /** How many connections each address has now, and how many times a connection was dialled again so far. */
  state(): Promise<{ perAddress: Record<string, number>; redialled: number }>;
  /** Resolves when `count` connections have been dialled again, and answered, since the start. */
  redialled(count: number): Promise<void>;
  /** Ends all connections. */
  close(): Promise<void>;
}

/** What the witnesses of a run have seen. */
export interface Measured {
  /** What the lab measured (docs/results.md lists all findings). */
  findings: Findings;
  /** Every event of the run in the order of time, the start of the lab included (docs/results.md lists all events). */
  events: readonly TimelineEvent[];
  /** The hosts and their addresses. */
  topology: Topology;
}

/** What the checks of a scenario judge. */
export interface Result<Data> extends Measured {
  /** The options that the client ran with. */
  client: ClientOptions;
  /** What `run` returned. */
  data: Data;
}

/** A scenario: the question, the stimulus, the checks, and the explanation. */
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
  /** The observations of the first investigation that it reproduces, by their S numbers (docs/scenarios.md). */
  reproduces?: readonly string[];
  /** Changes to the lab, before it starts. */
  topology?: TopologyChange;
  /** Options of our own client. */
  client?: Partial<ClientOptions>;
  /** The external servers that the scenario needs. Where one is not installed, the scenario cannot run, and says so. */
  needs?: ExternalServerName | readonly ExternalServerName[];
  /** It is about a resolver with a cache between client and DNS server: the one that the run names (`--resolver`), or the first one that is found. */
  needsResolver?: true;
  /** It is about TLS: the backends speak HTTPS. A scenario without it does so if somebody asks for `scheme=https`. */
  https?: true;
  /** It is about HTTP/2: the backends offer it over TLS, and our client speaks it. */
  http2?: true;
  /** The run is ended after this time. */
  limitMs?: number;
  /** The stimulus: requests, faults, heals. Its result is the `data` of the checks. */
  run(stage: Stage): Promise<Data>;
  /** The checks that must hold for every client. */
  checks(result: Result<Data>): Check[];
  /** Further checks, for our own client only. */
  contract?(result: Result<Data>): Check[];
  /** A picture of its own, above the timeline of the run. It is made from what the witnesses have seen, and from nothing else. Null if there is nothing to draw. */
  plot?(measured: Measured): Plot | null;
}

/** Keeps the type of `data` inside the file of the scenario. */
export function defineScenario<Data>(scenario: Scenario<Data>): Scenario<Data> {
  return scenario;
}

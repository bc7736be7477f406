/** The result of a run. */
import type { ClientOptions } from '../../client/client-options.ts';
import type { Check, Verdict } from '../analysis/checks.ts';
import type { Findings } from '../analysis/findings.ts';
import type { Plot } from '../analysis/plot.ts';
import type { ClockReading } from '../network/clock.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { ResolverName } from '../vocabulary/resolvers.ts';
import type { Topology, TopologyChange } from '../vocabulary/topology.ts';
import type { Scenario } from './scenario.ts';

/** journal.json. Tools and CI read it, so fields are added and never renamed. */
export interface Journal {
  scenario: string;
  driver: string;
  client: string;
  /** The command that repeats the run; null if no command made it. */
  command: string | null;
  /** What the scenario asks and explains. */
  about: Pick<Scenario, 'title' | 'teaches' | 'predict' | 'explains' | 'sources'>;
  /** The image that the client ran from; null for the lab's own. */
  clientImage: string | null;
  clientOptions: ClientOptions;
  /** The names of the options that an external client could not be given. */
  optionsNotApplied: string[];
  seed: number;
  /** What the network differed in from the usual one, for `createTopology`. */
  network: TopologyChange;
  /** The client's addresses and the lengths of their prefixes, as `ip address` writes them. */
  clientAddresses: string[];
  /** All lines of the client's resolv.conf, where it differs from that of the other hosts; otherwise null. */
  resolvConf: string[] | null;
  /** Those of the lines that the command line gave (`--resolv-conf`). With them, another run has the same file. */
  resolvConfGiven: string[];
  /** The resolver between the client and the DNS server, and whether it was told to serve expired records; null where the lab has none. */
  resolver: { name: ResolverName; version: string; serveStale: boolean } | null;
  /** Whether the run came to its end. `disturbed`: something outside the lab cut it short: a host ended, or the container engine. */
  status: 'completed' | 'failed' | 'interrupted' | 'disturbed';
  /** What the run showed. */
  verdict: Verdict;
  startedAt: string;
  durationMs: number;
  /** Null where the set-up did not complete. */
  setupMs: number | null;
  platform: { kernel: string; node: string; engine: string | null; clientVersion: string | null };
  /** The difference between the hosts' clock and the lab's, and how well it is known; null where no lab came up. */
  clock: ClockReading | null;
  /** Why the run did not complete, or null. */
  error: string | null;
  /** How many frames the capture holds, and how many it lost; null where no lab came up. */
  wire: { frames: number; dropped: number } | null;
  /** Why the verdict is `unknown`. */
  doubts: string[];
  checks: Check[];
  findings: Findings;
  /** The picture that the scenario has of its own; null if it has none, and for a run that did not complete. */
  plot: Plot | null;
}

export interface FinishedRun {
  journal: Journal;
  events: readonly TimelineEvent[];
  topology: Topology;
  /** wire.pcapng, or null where no lab came up. */
  capture: Buffer | null;
  /** The result of the scenario's `run`; undefined where it did not come to its end. */
  data: unknown;
}

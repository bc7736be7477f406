/**
 * What a fault is: how it is put in force, how its effect is seen, how it is healed. Each fault is one file that holds all of it.
 *
 * The lab believes no fault until it is seen. `observe` looks from the observer host at what a client would meet. It does not look
 * whether a rule was installed.
 */
import type { Host, HostProcess } from '../network/drivers/driver.ts';
import type { Service } from '../network/server.ts';
import type { Link } from '../network/host-link.ts';
import type { OptionTable, OptionValues } from '../vocabulary/options.ts';
import type { Held, Probe } from '../network/probe.ts';
import type { Family, TargetKind, TargetName, Topology } from '../vocabulary/topology.ts';
import type { CertificateKind } from '../../services/backend/tls-behaviour.ts';
import type { LayerNeed } from './needs.ts';

/** What the observer saw when it looked for the effect of a fault, or for the baseline. */
export interface Observation {
  /** Whether the effect of the fault was seen. */
  seen: boolean;
  observed: string;
  /** Set where the baseline cannot be seen yet: the lab looks when what hides it is healed, too. */
  isHidden?: true;
}

/** The host that a fault acts on, and the means that a fault has. */
export interface FaultTarget {
  readonly name: TargetName;
  /** The name of the fault that acts. */
  readonly fault: string;
  readonly kind: TargetKind;
  /** The port on which the host serves clients. */
  readonly port: number;
  readonly topology: Topology;
  readonly host: Host;
  readonly probe: Probe;
  /** The link between the host and the segment. */
  readonly link: Link;
  address(family: Family): string;
  /** A second address of a backend on the segment, for a fault that moves the server. */
  spareAddress(family: Family): string;
  /** The connection that the observer holds, for a fault that sets `holds`. */
  held(family: Family): Held;
  /** Whether a request of this path has reached the server's application. */
  arrived(path: string): Promise<boolean>;
  /** Commands to the server. A server that is restarted is given them again, so that a fault outlives the process it acts on. */
  service(): Service;
  /** Gives the server a certificate of this kind, which its behaviour may name from then on. */
  giveCertificate(kind: CertificateKind): Promise<void>;
  /** Commands to the DNS server, for a fault of a backend that DNS follows. */
  dns(): Service;
  /** The process that serves now. */
  process(): HostProcess;
  /** Starts the server again after its process ended: where it listened before, on `listen`, or on its own addresses. Resolves when it listens. */
  restart(listen?: readonly string[] | 'own'): Promise<void>;
  /** Starts another process of the server beside the present one, on the same addresses. Returns the old process and its control plane. */
  startSuccessor(): Promise<{ old: Service; oldProcess: HostProcess }>;
  /** From here on the end of the process is part of the fault, and not trouble. */
  expectExit(): void;
}

export type Heal = () => Promise<void>;

export interface Fault<Table extends OptionTable = OptionTable> {
  /** One line: what it does. */
  summary: string;
  /** One line: what a client meets. */
  effect: string;
  /** Which kinds of host it can act on. */
  on: readonly [TargetKind, ...TargetKind[]];
  options: Table;
  /** Puts the fault in force. Returns the function that undoes it. */
  apply(target: FaultTarget, options: OptionValues<Table>): Promise<Heal>;
  /** Looks for the effect once. It is called while the fault is in force, and again after healing, when the effect must be gone. */
  observe(target: FaultTarget, options: OptionValues<Table>): Promise<Observation>;
  /** Set for a fault that delays answers: by how many ms at most. While it is in force, the observer waits so much longer for every answer of the host. */
  answersLateMs?(options: OptionValues<Table>): number;
  /** Set for a fault that has more than one mechanism: names the one in use. */
  by?(target: FaultTarget): string;
  /**
   * Set where the effect is on connections that were there before: the observer then holds one in each family. Whether it is gone
   * after healing shows a `new` connection, or an `old` one that was there before the fault and has not been used since.
   */
  holds?: 'new' | 'old';
  /** Set where the effect is no deviation from the baseline, so that healing cannot be told by its absence. */
  harmless?: true;
  /** Set where the fault acts on a layer that not every lab has. In a lab without it, the fault is bad input. */
  needs?: LayerNeed;
}

/** Keeps a fault's options typed inside its own file. */
export function defineFault<const Table extends OptionTable>(fault: Fault<Table>): Fault<Table> {
  return fault;
}

/** The families that a `family` option stands for. */
export function familiesOf(family: 0 | 4 | 6): Family[] {
  return family === 0 ? [4, 6] : [family];
}

/** Looks at each family, and holds when each one looks as expected. */
export async function observeEach(families: Family[], look: (family: Family) => Promise<Observation>): Promise<Observation> {
  const observations = await Promise.all(families.map(async (family) => ({ family, ...(await look(family)) })));
  return {
    seen: observations.every(({ seen }) => seen),
    observed: observations.map(({ family, observed }) => `IPv${family} ${observed}`).join(', '),
  };
}

/** A connect to the target that must end with one of `outcomes`; and to DNS a query over UDP, which is what clients send first. */
export async function connectEndsWith(
  { probe, name, kind }: FaultTarget, family: Family, outcomes: readonly string[], { timeoutMs, query = outcomes }: { timeoutMs?: number; query?: readonly string[] } = {},
): Promise<Observation> {
  // The observer stops waiting early only where it expects silence. An answer may take longer on a busy machine.
  const limitMs = timeoutMs ?? (outcomes.includes('silent') ? probe.silenceMs : probe.endingMs);
  const { outcome } = await probe.connect(name, family, limitMs);
  if (kind !== 'dns') return { seen: outcomes.includes(outcome), observed: outcome };
  const { outcome: queried } = await probe.query(family, query.includes('silent') ? probe.silenceMs : probe.endingMs);
  return { seen: outcomes.includes(outcome) && query.includes(queried), observed: `TCP ${outcome}, UDP ${queried}` };
}

/** Protocol numbers for ip-rule(8): the names need /etc/protocols, which slim images lack. */
export const protocolNumbers = { tcp: '6', udp: '17' } as const;

/** Runs a command on the target's host. @throws {Error} as `outputOf` does. */
export async function runOn(target: FaultTarget, argv: readonly string[]): Promise<void> {
  await outputOf(target, argv);
}

/** Runs a command on the target's host, and returns what it printed. @throws {Error} with the command and what it wrote to stderr, when it fails. */
export async function outputOf(target: FaultTarget, argv: readonly string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await target.host.run(argv);
  if (exitCode !== 0) throw new Error(`\`${argv.join(' ')}\` on ${target.name} ended with ${exitCode}: ${stderr}`);
  return stdout;
}

/**
 * What a fault is: how it is put in force, how its effect is seen, how it is healed. One file a fault, all of its physics inside.
 *
 * No fault is believed until it is seen: `observe` looks from the observer host at what a client would meet, never at whether
 * a rule was installed.
 */
import type { Host, HostProcess } from '../drivers/driver.ts';
import type { OptionTable, OptionValues } from '../options.ts';
import type { Probe } from '../probe.ts';
import type { Remote } from '../remote.ts';
import type { BackendName, Family } from '../topology.ts';

export interface Observation {
  /** Whether what was seen is the fault's effect. */
  seen: boolean;
  observed: string;
}

/** The backend a fault acts on, and the means it has. */
export interface FaultTarget {
  readonly name: BackendName;
  readonly host: Host;
  readonly probe: Probe;
  address(family: Family): string;
  /** The backend's process and its control plane. */
  service(): Remote;
  process(): HostProcess;
  /** Starts the backend again after its process ended; resolves when it listens. */
  restart(): Promise<void>;
  /** From here on the end of the process is part of the fault. */
  expectExit(): void;
}

export type Heal = () => Promise<void>;

export interface Fault<Table extends OptionTable = OptionTable> {
  /** One line: what it does. */
  summary: string;
  /** One line: what a client meets. */
  effect: string;
  options: Table;
  /** Puts the fault in force and returns its undoing. */
  apply(target: FaultTarget, options: OptionValues<Table>): Promise<Heal>;
  /** Looks for the effect once. Called while the fault is in force, and after healing, when it must be gone. */
  observe(target: FaultTarget, options: OptionValues<Table>): Promise<Observation>;
  /** Set where the effect is no deviation from the baseline, so that healing cannot be told by its absence. */
  harmless?: true;
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

/** A connect to the target that must end with one of `outcomes`. */
export async function connectEndsWith(target: FaultTarget, family: Family, outcomes: readonly string[], timeoutMs?: number): Promise<Observation> {
  const { outcome } = await target.probe.connect(target.name, family, timeoutMs);
  return { seen: outcomes.includes(outcome), observed: outcome };
}

/** TCP's protocol number for ip-rule(8): its name needs /etc/protocols, which slim images lack. */
export const tcp = '6';

/** Runs a command on the target's host. @throws {Error} with the command and what it wrote, when it fails. */
export async function runOn(target: FaultTarget, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await target.host.run(argv);
  if (exitCode !== 0) throw new Error(`\`${argv.join(' ')}\` on ${target.name} ended with ${exitCode}: ${stderr}`);
}

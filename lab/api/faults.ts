/** What `failover-lab/faults` exports: the table of faults, to read. `lab.apply` and the stage of a scenario put them in force. */
import { faults as table, type FaultName } from '../faults/index.ts';
import { expectedOf } from '../vocabulary/values.ts';
import type { TargetKind } from '../vocabulary/topology.ts';

export type { FaultName, TargetKind };

/** A fault, in words. */
export interface FaultText {
  /** What it does. */
  readonly summary: string;
  /** What a client meets. */
  readonly effect: string;
  /** The kinds of host that it acts on. */
  readonly on: readonly TargetKind[];
  /** Its options, by name: what each one says, what it may be, and its default. */
  readonly options: Readonly<Record<string, { readonly doc: string; readonly expected: string; readonly default: unknown }>>;
}

/** Every fault, by the name that `apply` takes. */
export const faults: Readonly<Record<FaultName, FaultText>> = Object.fromEntries(
  Object.entries(table).map(([name, { summary, effect, on, options }]) => [
    name,
    { summary, effect, on, options: Object.fromEntries(Object.entries(options).map(([key, option]) => [key, { doc: option.doc, expected: expectedOf(option.kind), default: option.default }])) },
  ]),
) as unknown as Record<FaultName, FaultText>;

/** Every fault, by the name that the command line, scenarios and reports use. */
import { blackhole } from './blackhole.ts';
import { dnsFaults } from './dns.ts';
import type { Fault } from './fault.ts';
import { httpFaults } from './http.ts';
import { hotRestart } from './hot-restart.ts';
import { kill } from './kill.ts';
import { linkFaults } from './link.ts';
import { noop } from './noop.ts';
import { pause } from './pause.ts';
import { refuse } from './refuse.ts';
import { stop } from './stop.ts';
import { unreachable } from './unreachable.ts';
import { vanish } from './vanish.ts';

export const faults = {
  noop,
  stop,
  kill,
  pause,
  blackhole,
  refuse,
  vanish,
  unreachable,
  'hot-restart': hotRestart,
  ...linkFaults,
  ...httpFaults,
  ...dnsFaults,
};

export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

/** The fault's option table, with its options' types forgotten: for callers that got them as words. */
export function faultNamed(name: FaultName): Fault {
  return faults[name];
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faults, name);
}

/** Every fault, by the name that the command line, scenarios and reports use. */
import { connectFaults } from './connect-faults.ts';
import { dnsFaults } from './dns-faults.ts';
import { establishedFaults } from './established-faults.ts';
import type { Fault } from './fault.ts';
import { h2Faults } from './h2-faults.ts';
import { httpFaults } from './http-faults.ts';
import { linkFaults } from './link-faults.ts';
import { noop } from './noop.ts';
import { processFaults } from './process-faults.ts';
import { quicSilent } from './quic-silent.ts';
import { tlsFaults } from './tls-faults.ts';
import { vanish } from './vanish.ts';

export const faults = {
  noop,
  ...processFaults,
  ...connectFaults,
  vanish,
  ...establishedFaults,
  ...linkFaults,
  ...httpFaults,
  ...tlsFaults,
  ...h2Faults,
  'quic-silent': quicSilent,
  ...dnsFaults,
};

/** The name of a fault: docs/scenarios.md lists all of them. */
export type FaultName = keyof typeof faults;
export const faultNames = Object.keys(faults) as FaultName[];

/** The fault's option table, with its options' types forgotten: for callers that got them as words. */
export function faultNamed(name: FaultName): Fault {
  return faults[name];
}

export function isFaultName(name: string): name is FaultName {
  return Object.hasOwn(faults, name);
}

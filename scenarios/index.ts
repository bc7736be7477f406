/** Every scenario, by the name that `make scenario name=…` uses, in the order in which they are best met. */
import type { Scenario } from '../lab/scenario.ts';
import { allDown } from './all-down.ts';
import { baseline } from './baseline.ts';
import { resolverChoice } from './resolver-choice.ts';
import { ulaAddresses } from './ula-addresses.ts';

export const scenarios = {
  baseline,
  'all-down': allDown,
  'ula-addresses': ulaAddresses,
  'resolver-choice': resolverChoice,
} satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];

/** What `failover-lab/scenarios` exports: the scenarios of the lab, and what they share. */
import type { Scenario } from '../run/scenario.ts';
import { scenarios as table, type ScenarioName } from '../../scenarios/index.ts';

export { answererOf, attemptsText, closedTo, requestTolerance, resolverTolerance, servedMs, timerTolerance, tookMs, triedCheck } from '../../scenarios/common.ts';
export type { ScenarioName };
export type { HttpVersion } from '../vocabulary/topology.ts';

/** Every scenario of the lab, by the name that `lab run` takes, in a good order to learn from. */
export const scenarios: Readonly<Record<ScenarioName, Scenario>> = table;

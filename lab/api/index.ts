/** What `failover-lab` exports: scenarios of your own, and a lab in your own tests. What is not exported here is not public, and may change. */
export { check, checkDelay, checkUnless, type Check, type Verdict } from '../analysis/checks.ts';
export type { Attempt } from '../analysis/attempts.ts';
export type { RequestFindings } from '../analysis/by-request.ts';
export type { Findings } from '../analysis/findings.ts';
export type { CaptionedPlot, Plot, RulerPlot, RulerRow, SharesPlot, SweepPlot, SweepPoint } from '../analysis/plot.ts';
export type { ClientOptions } from '../../client/client-options.ts';
export type { AddressedResult, Method, StageClient } from '../clients/stage-client.ts';
export type { Observation } from '../faults/fault.ts';
export type { FaultName } from '../faults/index.ts';
export type { AppliedFault } from '../faults/in-force.ts';
export type { DnsControl } from '../run/dns-control.ts';
export { defineScenario, type Load, type Measured, type Redialers, type Result, type Scenario, type Stage } from '../run/scenario.ts';
export { LabError, type LabErrorCode } from '../vocabulary/errors.ts';
export type { TimelineEvent } from '../vocabulary/events.ts';
export type { Addresses, BackendName, HostName, HttpVersion, Scheme, TargetName, Topology, TopologyChange } from '../vocabulary/topology.ts';
export type { Behaviour } from '../../services/backend/behaviour.ts';
import type { LabOptions, StartedLab } from './start-lab.ts';
export type { LabOptions, StartedLab };

/**
 * Starts a lab for a test: three web servers, a DNS server and an observer on a network of their own. It takes one to two seconds.
 *
 * ```ts
 * await using lab = await startLab();
 * const client = await lab.client('node my-client.js');
 * await lab.apply('blackhole', 'backend-1', { family: 6 });
 * const answer = await client.get();
 * expect(lab.findings().fallbackDelayMs).toBeLessThan(300);
 * ```
 *
 * Several labs can be up side by side on namespaces. A lab ends when it is disposed, when `signal` aborts, and when this process ends, however it
 * ends.
 *
 * @throws {LabError} BAD_INPUT for a wrong option; NOT_SUPPORTED where this machine can run no lab, with what is missing; START_FAILED when a server
 * does not answer; INTERRUPTED when `signal` aborts. Nothing is left behind then.
 */
export async function startLab(options: LabOptions = {}): Promise<StartedLab> {
  // A scenario that imports this file does not need a lab of its own.
  const { startTestLab } = await import('./start-lab.ts');
  return await startTestLab(options);
}

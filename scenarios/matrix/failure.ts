/**
 * What a column of the matrix is: a small scenario whose last request is the measured one, and how its packets are read.
 * The client gets no time limit from the lab, so the matrix shows what the client does by itself.
 */
import { check, type Check } from '../../lab/analysis/checks.ts';
import type { Findings } from '../../lab/analysis/findings.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import type { AddressedResult, Method } from '../../lab/clients/stage-client.ts';
import { defineScenario, type Result, type Scenario, type Stage } from '../../lab/run/scenario.ts';
import { usualPatienceMs } from '../../lab/vocabulary/limits.ts';
import { hostAt, type HostName, type Topology } from '../../lab/vocabulary/topology.ts';

/** The time limit of a scenario that measures a request, in ms. The set-up comes before the request. */
export const measureLimitMs = usualPatienceMs + 15_000;

/** What came of the measured request. */
export interface MeasuredRequest {
  /** `answered`, `status` and its number, `no answer` when the patience of the run was over, or the error that the caller got. */
  outcome: string;
  /** The host that answered. */
  by: HostName | null;
}

export interface Failure {
  /** The heading of the column. */
  title: string;
  /** What the time in a cell measures, for the legend. */
  measures: string;
  /** What a reader asks about this failure. The summary of the matrix answers it. */
  question: string;
  /** What answers it: the time in the cell, or the remark. The summary puts clients together that have the same. `time` if not set. */
  groupBy?: 'time' | 'remark';
  scenario: Scenario<MeasuredRequest>;
  /** The time in the cell, in ms. Null when this client did nothing that can be measured. */
  readMs(result: Pick<Result<MeasuredRequest>, 'findings' | 'events' | 'topology' | 'data'>): number | null;
  /** A remark for the cell, or null. */
  remark?(result: Pick<Result<MeasuredRequest>, 'findings' | 'events' | 'topology' | 'data'>): string | null;
}

interface Draft extends Omit<Failure, 'scenario'> {
  why: string;
  sources: readonly string[];
  /** Brings the lab into the failure. The measured request starts when this has resolved. */
  prepare(stage: Stage): Promise<void>;
  method?: Method;
  /** It is a failure of TLS, so the backends speak HTTPS. */
  https?: true;
  /** It is a failure of HTTP/2, so the backends offer it. */
  http2?: true;
  /** The check that the client met the failure, whatever the client did about it. */
  met(result: Result<MeasuredRequest>): Check;
}

/** Makes a column, and builds its scenario from the failure. A column whose scenario is in the catalogue names it (`scenario`) and needs no draft. */
export function defineFailure({ prepare, met, method = 'GET', https, http2, why, sources, ...failure }: Draft): Failure {
  return {
    ...failure,
    scenario: defineScenario<MeasuredRequest>({
      title: `${failure.title}: how long from the ${failure.measures}?`,
      teaches: why,
      predict: `Does the caller get an answer? And how long is it from the ${failure.measures}?`,
      explains: why,
      sources,
      ...(https && { https }),
      ...(http2 && { http2 }),
      limitMs: measureLimitMs,
      run: async (stage) => {
        await prepare(stage);
        return await measure(stage, method);
      },
      checks: (result) => [met(result)],
    }),
  };
}

/** Makes the measured request. Waits for its end, but not longer than the patience of the run. Notes on the timeline tell which request it was. */
export async function measure(stage: Stage, method: Method = 'GET'): Promise<MeasuredRequest> {
  stage.note(begin);
  const asked = await ask(stage, method);
  stage.note(end);
  return asked;
}

async function ask({ client, wait, topology, patienceMs }: Stage, method: Method): Promise<MeasuredRequest> {
  const late = Symbol('late');
  // A symbol marks the end of the wait, so that it cannot be mistaken for a result of the request.
  const result = await Promise.race([client.request(method), wait(patienceMs).then(() => late)]);
  if (typeof result === 'symbol') return { outcome: 'no answer', by: null };
  return outcomeOf(topology, result);
}

/** What came of a request that has ended. */
export function outcomeOf(topology: Topology, result: AddressedResult): MeasuredRequest {
  return result.ok
    ? { outcome: (result.status ?? 200) < 400 ? 'answered' : `status ${result.status ?? ''}`, by: (result.address !== null && hostAt(topology, result.address)) || null }
    : { outcome: result.error, by: null };
}

/** The notes around what is measured. */
export const begin = 'the measured request';
export const end = 'the measured request is over';

/** The events of the measured request. The client may report another end when the lab stops it; that comes later and is left out. */
export function measuredEvents(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  const isNote = (event: TimelineEvent, text: string): boolean => event.event === 'lab:note' && event.text === text;
  const from = events.findIndex((event) => isNote(event, begin));
  const to = events.findIndex((event) => isNote(event, end));
  return from < 0 ? [] : events.slice(from, to < 0 ? undefined : to);
}

/**
 * Milliseconds from the first packet of the measured request to the answer or the error at its caller. The start of a client's process comes before
 * the first packet, so it is not measured. Null when there was no packet, or no answer and no error.
 */
export function sinceFirstPacket({ events }: { events: readonly TimelineEvent[] }): number | null {
  const own = measuredEvents(events);
  const first = own.find(({ event }) => event === 'wire:dns-query' || event === 'wire:syn' || event === 'wire:neighbour-solicitation' || event === 'wire:request');
  const told = own.find(({ event }) => event === 'client:response' || event === 'client:error');
  return first && told ? Math.max(told.tMs - first.tMs, 0) : null;
}

/** How many events of the measured request are of this kind. */
export function countOf(events: readonly TimelineEvent[], isIt: (event: TimelineEvent) => boolean): number {
  return measuredEvents(events).filter(isIt).length;
}

/** `4 attempts`. Null when there was only one, or none. */
export function attemptsRemark({ findings: { attempts } }: { findings: Findings }): string | null {
  return attempts.length > 1 ? `${attempts.length} attempts` : null;
}

/** A check that passes when something was seen at least once. */
export function seen(text: string, count: number): Check {
  return check(text, count > 0, count === 1 ? 'once' : `${count} times`);
}

/**
 * What a column of the matrix is: a small scenario whose last request is the measured one, and what is read from its packets.
 * A client is never told of the time limit: what is measured is what it does by itself.
 */
import { check, type Check } from '../../lab/analysis/checks.ts';
import type { Findings } from '../../lab/analysis/findings.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import { defineScenario, type Method, type Result, type Scenario, type Stage } from '../../lab/run/scenario.ts';
import { hostAt, type HostName } from '../../lab/vocabulary/topology.ts';

/** How long the measured request is waited for: more than the 10 s that glibc's resolver and undici's connect take to give up. */
export const patienceMs = 12_000;

/** The measured request. */
export interface Asked {
  /** `answered`, `no answer`, or what the caller was told. */
  outcome: string;
  by: HostName | null;
}

export interface Failure {
  /** Over the column. */
  title: string;
  /** What the cell's time is, for the legend. */
  measures: string;
  scenario: Scenario<Asked>;
  /** The cell's time; null where this client gave none to measure. */
  readMs(result: Pick<Result<Asked>, 'findings' | 'events' | 'topology'>): number | null;
  /** What else is worth a word in the cell. */
  remark?(result: Pick<Result<Asked>, 'findings' | 'events' | 'topology' | 'data'>): string | null;
}

interface Draft extends Omit<Failure, 'scenario'> {
  why: string;
  sources: readonly string[];
  /** Breaks the lab; what it returns is done in between the last preparation and the measured request. */
  prepare(stage: Stage): Promise<void>;
  method?: Method;
  /** What shows that the failure was met, whatever the client made of it. */
  met(result: Result<Asked>): Check;
}

/** A column, with its scenario made of what it breaks. */
export function defineFailure({ prepare, met, method = 'GET', why, sources, ...failure }: Draft): Failure {
  return {
    ...failure,
    scenario: defineScenario<Asked>({
      title: failure.title,
      teaches: why,
      predict: `How long does a client take: ${failure.measures}?`,
      explains: why,
      sources,
      reproduces: [],
      limitMs: patienceMs + 15_000,
      run: async (stage) => {
        await prepare(stage);
        stage.note(begin);
        const asked = await ask(stage, method);
        stage.note(end);
        return asked;
      },
      checks: (result) => [met(result)],
    }),
  };
}

async function ask({ client, wait, topology }: Stage, method: Method): Promise<Asked> {
  const late = Symbol('late');
  // What ends the wait when the run is over is no outcome of the request.
  const result = await Promise.race([client.request(method), wait(patienceMs).then(() => late)]);
  if (typeof result === 'symbol') return { outcome: 'no answer', by: null };
  const answered = result;
  return answered.ok
    ? { outcome: (answered.status ?? 200) < 400 ? 'answered' : `status ${answered.status ?? ''}`, by: (answered.address !== null && hostAt(topology, answered.address)) || null }
    : { outcome: answered.error, by: null };
}

const begin = 'the measured request';
const end = 'the measured request is over';

/** The events of the measured request: what a client is told when the lab ends it is none of them. */
export function measuredEvents(events: readonly TimelineEvent[]): readonly TimelineEvent[] {
  const isNote = (event: TimelineEvent, text: string): boolean => event.event === 'lab:note' && event.text === text;
  const from = events.findIndex((event) => isNote(event, begin));
  const to = events.findIndex((event) => isNote(event, end));
  return from < 0 ? [] : events.slice(from, to < 0 ? undefined : to);
}

/** From the first packet of the measured request to what its caller got: the start of a process is no part of it. */
export function sinceFirstPacket({ events }: { events: readonly TimelineEvent[] }): number | null {
  const own = measuredEvents(events);
  const first = own.find(({ event }) => event === 'wire:dns-query' || event === 'wire:syn' || event === 'wire:neighbour-solicitation' || event === 'wire:request');
  const told = own.find(({ event }) => event === 'client:response' || event === 'client:error');
  return first && told ? Math.max(told.tMs - first.tMs, 0) : null;
}

/** How often something was seen in the measured request. */
export function countOf(events: readonly TimelineEvent[], isIt: (event: TimelineEvent) => boolean): number {
  return measuredEvents(events).filter(isIt).length;
}

/** `3 addresses, 4 attempts`, where there was more than one. */
export function attemptsRemark({ findings: { attempts } }: { findings: Findings }): string | null {
  return attempts.length > 1 ? `${attempts.length} attempts` : null;
}

/** A check that something was seen at least once. */
export function seen(text: string, count: number): Check {
  return check(text, count > 0, count === 1 ? 'once' : `${count} times`);
}

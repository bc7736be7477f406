/** What the scenarios with a resolver between client and DNS server share: what the client asked, and what reached the DNS server. */
import { checkUnless, type Check } from '../lab/analysis/checks.ts';
import type { AddressedResult } from '../lab/clients/stage-client.ts';
import type { Result, Stage } from '../lab/run/scenario.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { askersOf, urlOf, type Topology } from '../lab/vocabulary/topology.ts';
import { answererOf } from './common.ts';

/** A part of a run: its requests for one name, one after the other. `first` is the number of the first one. */
export interface Step {
  name: string;
  first: number;
  results: AddressedResult[];
}

/** Returns what makes the requests of one step after the other: for `name`, as long as `isMore` says so. */
export function stepsOf({ client, topology }: Pick<Stage, 'client' | 'topology'>): (name: string, isMore: (made: readonly AddressedResult[]) => boolean | Promise<boolean>) => Promise<Step> {
  let next = 1;
  return async (name, isMore) => {
    const results: AddressedResult[] = [];
    const first = next;
    do {
      results.push(await client.get(urlOf(topology, name)));
      next++;
    } while (await isMore(results));
    return { name, first, results };
  };
}

/** Whether an event is an A query for the name that reached the DNS server for the client: from the client itself, or from the resolver. */
export function isAsked(topology: Topology, name: string): (event: TimelineEvent) => boolean {
  const askers = askersOf(topology);
  return (event) => event.event === 'dns:query' && event.type === 'A' && event.name.toLowerCase() === name && askers.includes(event.from);
}

/** What happened during a step. */
export interface Asked {
  /** The questions for an A record of the name that reached the resolver, by its own log. */
  questions: number;
  /** When the A queries for the name reached the DNS server, in ms. */
  queriesMs: number[];
  /** How many requests each backend answered, in the order of the backends. */
  perBackend: number[];
}

/** Reads a step from the logs. It lasts until the first request of the step `next`, or until the end of the run. */
export function askedIn({ events, topology }: Pick<Result<unknown>, 'events' | 'topology'>, { name, first, results }: Step, next: Step | null): Asked {
  const startOf = (request: number): number => events.findIndex((event) => event.event === 'client:request' && event.request === request);
  const during = events.slice(startOf(first), next === null ? undefined : startOf(next.first));
  const answerers = results.map((result) => answererOf(topology, result));
  return {
    questions: during.filter((event) => event.event === 'resolver:query' && event.name.toLowerCase() === name && event.type.split(' ').includes('A')).length,
    queriesMs: during.filter(isAsked(topology, name)).map(({ tMs }) => tMs),
    perBackend: topology.backends.map((backend) => answerers.filter((each) => each === backend).length),
  };
}

/**
 * A check of what the resolver did. It is unknown if the client asked the resolver fewer than `least` times during the step: a client may keep its connection, keep
 * answers by itself, or look names up in another way.
 */
export function checkOfResolver({ topology: { resolver } }: Pick<Result<unknown>, 'topology'>, { questions }: Asked, least: number, judged: Check): Check {
  const missing = `the client asked the resolver ${resolver ?? ''} ${questions} times in this step: it keeps connections or answers, or looks names up in another way`;
  return checkUnless(questions >= least ? null : missing, judged);
}

/** `24 questions, 1 of them asked of the DNS server`. */
export function askedText({ questions, queriesMs }: Asked): string {
  return `${questions} questions, ${queriesMs.length} of them asked of the DNS server`;
}

/** `5.2 s`. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}

/**
 * Failures that only a steady caller meets: it makes a request every quarter of a second, and the column says what becomes of all of them. They are about
 * proxies first, because a proxy serves for months, and about every client that stays.
 */
import type { Check } from '../../lab/analysis/checks.ts';
import type { AddressedResult } from '../../lab/clients/stage-client.ts';
import { defineScenario, type Result, type Scenario, type Stage } from '../../lab/run/scenario.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import type { BackendName } from '../../lab/vocabulary/topology.ts';
import { answererOf as answererIn } from '../../lab/analysis/answerer.ts';
import { answererOf } from '../common.ts';
import { begin, countOf, end, measuredEvents, outcomeOf, seen, type Failure, type MeasuredRequest } from './failure.ts';

/** The time between the end of a request and the next one, in ms. */
const pauseMs = 250;
/** How long a column waits for a client that notices nothing, in ms. nginx' fail_timeout and Caddy's fail_duration are 30 s in their examples. */
const noticeMs = 35_000;
const limitText = `${noticeMs / 1_000} s`;
/** So many answers in a row must come from the new address: a proxy with several processes looks the name up in each of them. */
const answersInRow = 20;
/** The requests that the caller makes while one of three backends is down. With three in turn, each one has ten. */
const countedRequests = 30;

/** What came of many requests. The outcome is that of the last one that matters: each column says which one. */
interface ManyRequests extends MeasuredRequest {
  /** The backend that the column is about. */
  backend: BackendName;
  /** What the column adds to the outcome. Null if the time in the cell says everything. */
  remark: string | null;
  /** Whether the client did in time what the column waits for. Only then there is a time. */
  noticed: boolean;
}

interface Draft extends Omit<Failure, 'scenario' | 'remark' | 'readMs'> {
  why: string;
  sources: readonly string[];
  readMs(result: Pick<Result<ManyRequests>, 'events' | 'topology' | 'data'>): number | null;
  run(stage: Stage): Promise<ManyRequests>;
  /** The check that the client met the failure, whatever it did about it. */
  met(result: Result<ManyRequests>): Check;
}

function defineColumn({ why, sources, run, met, readMs, ...failure }: Draft): Failure {
  const scenario: Scenario<ManyRequests> = defineScenario<ManyRequests>({
    title: `${failure.title}: how long from the ${failure.measures}?`,
    teaches: why,
    predict: `${failure.question} And how long is it from the ${failure.measures}?`,
    explains: why,
    sources,
    limitMs: noticeMs + 30_000,
    run,
    checks: (result) => [met(result)],
  });
  return {
    ...failure,
    scenario,
    readMs: (result) => {
      const data = result.data as ManyRequests;
      return data.noticed ? readMs({ ...result, data }) : null;
    },
    remark: ({ data }) => (data as ManyRequests).remark,
  };
}

/** Zone order, no AAAA records, and answers that a cache may keep for a second. */
async function steadyNames({ dns }: Stage, addresses: number): Promise<void> {
  await dns.ttl(1);
  await dns.chain(['up', 'sort', `selectFirst ${addresses}`]);
}

/** Makes requests until some in a row are as they are wanted. Returns the last one, or null when no row has begun within `noticeMs`. */
async function askUntil({ client, wait }: Stage, inRow: number, isWanted: (result: AddressedResult) => boolean): Promise<AddressedResult | null> {
  const endMs = performance.now() + noticeMs;
  let row = 0;
  while (row > 0 || performance.now() < endMs) {
    const result = await client.get();
    row = isWanted(result) ? row + 1 : 0;
    if (row === inRow) return result;
    await wait(pauseMs);
  }
  return null;
}

/** A proxy that takes its upstreams in turn uses all three. Returns the backend that answered the last request: no client has left it. */
async function warmUpAll({ client, backendAt, wait }: Stage): Promise<BackendName> {
  let last = backendAt((await client.get()).address);
  for (let more = 0; more < 2; more++) {
    await wait(pauseMs);
    last = backendAt((await client.get()).address);
  }
  return last;
}

const failed = (result: AddressedResult): boolean => !result.ok || (result.status ?? 200) >= 400;

/** From the note at the beginning to the first answer after the last one that was not wanted. */
function untilWanted({ events, topology }: Pick<Result<unknown>, 'events' | 'topology'>, isWanted: (answerer: BackendName | null) => boolean): number | null {
  const own = measuredEvents(events);
  const answers = own.filter((event) => event.event === 'client:response' || event.event === 'client:error');
  const first = answers[answers.findLastIndex(({ request }) => !isWanted(answererIn(events, request, topology))) + 1];
  return first && own[0] ? first.tMs - own[0].tMs : null;
}

/** The longest time of a request in ms, whatever came of it. */
function slowest({ events }: Pick<Result<unknown>, 'events'>): number | null {
  const asked = new Map<number, number>();
  const tookMs: number[] = [];
  for (const event of measuredEvents(events)) {
    if (event.event === 'client:request') asked.set(event.request, event.tMs);
    else if (event.event === 'client:response' || event.event === 'client:error') tookMs.push(event.tMs - (asked.get(event.request) ?? event.tMs));
  }
  return tookMs.length === 0 ? null : Math.max(...tookMs);
}

/** Whether the client noticed that the process of the backend had ended: from the kill to the end of the run, or to its return. */
function metTheEnd({ events, topology, data: { backend } }: Result<ManyRequests>): Check {
  const { ipv4, ipv6 } = topology.hosts[backend];
  const [from, to] = [events.findIndex(({ event }) => event === 'fault:apply'), events.findIndex(({ event }) => event === 'fault:heal')];
  const isEnd = (event: TimelineEvent): boolean => (event.event === 'wire:rst' || event.event === 'wire:fin') && event.sender === 'server' && [ipv4, ipv6].includes(event.address);
  return seen('a connection of the client to the backend was refused or ended', from < 0 ? 0 : events.slice(from, to < 0 ? undefined : to).filter(isEnd).length);
}

export const manyRequests = {
  'address-changed': defineColumn({
    title: 'address changes in DNS',
    measures: `change in DNS to the first answer after the last one from the old address, within ${limitText}`,
    question: 'Who notices that the address of a name has changed in DNS?',
    groupBy: 'time',
    why: 'The name has one address, with a TTL of 1 s. Then it has another one, and the server at the old address still serves. A client that keeps its connection, or looked the name up at its start, does not look again. What has not noticed it is asked once more after the old server was stopped.',
    sources: ['RFC 1035 section 3.2.1 (TTL)', 'ngx_http_core_module (resolver)', 'HAProxy configuration manual, section 5.3 (hold valid)'],
    run: async (stage) => {
      const { client, apply, backendAt, topology, note } = stage;
      await steadyNames(stage, 1);
      const old = backendAt((await client.get()).address);
      await apply('dns-record-removed', 'dns', { backend: old });
      note(begin);
      const noticed = await askUntil(stage, answersInRow, (result) => !failed(result) && answererOf(topology, result) !== old);
      note(end);
      if (noticed) return { ...outcomeOf(topology, noticed), backend: old, noticed: true, remark: null };
      await apply('stop', old);
      const last = await client.get();
      return { ...outcomeOf(topology, last), backend: old, noticed: false, remark: failed(last) ? 'never' : 'when the old one stopped' };
    },
    met: ({ events }) => seen('the client made a request after the change', countOf(events, ({ event }) => event === 'wire:request')),
    readMs: (result) => untilWanted(result, (answerer) => answerer !== null && answerer !== result.data.backend),
  }),
  'one-of-three-down': defineColumn({
    title: 'one of three down',
    measures: `slowest of ${countedRequests} requests`,
    question: 'One of three backends is down: how many requests see an error?',
    groupBy: 'remark',
    why: `The name has three addresses. The process of a backend that has answered ends, so its connections are reset and new ones are refused. ${countedRequests} requests follow, or as many as are over within ${limitText}. A status of 400 or more is an error, too.`,
    sources: ['RFC 9110 section 9.2.2 (idempotent methods)', 'ngx_http_proxy_module (proxy_next_upstream)', 'HAProxy configuration manual, section 4.2 (retries, option redispatch)'],
    run: async (stage) => {
      const { client, apply, topology, note, wait } = stage;
      await steadyNames(stage, 3);
      const down = await warmUpAll(stage);
      note(begin);
      await apply('kill', down);
      const results: AddressedResult[] = [];
      // A proxy that takes seconds for each error does not get all of them.
      const endMs = performance.now() + noticeMs;
      while (results.length < countedRequests && performance.now() < endMs) {
        results.push(await client.get());
        await wait(pauseMs);
      }
      note(end);
      const errors = results.filter(failed);
      const [worst = results.at(-1) as AddressedResult] = errors;
      return { ...outcomeOf(topology, worst), backend: down, noticed: true, remark: `${errors.length} of ${results.length} failed` };
    },
    met: metTheEnd,
    readMs: slowest,
  }),
  'backend-back': defineColumn({
    title: 'backend comes back',
    measures: `its return to its first answer, within ${limitText}`,
    question: 'When is a backend used again that was down?',
    groupBy: 'time',
    why: 'The name has three addresses. A backend that has answered ends, the client meets that, and the backend is started again. A client that has moved to another connection has no reason to come back. A proxy that has marked the backend as failed waits, or checks it.',
    sources: ['RFC 9112 section 9.3 (persistence)', 'ngx_http_upstream_module (fail_timeout)', 'mod_proxy (retry)', 'HAProxy configuration manual, section 5.2 (inter, rise)'],
    run: async (stage) => {
      const { client, apply, topology, note, wait } = stage;
      await steadyNames(stage, 3);
      const down = await warmUpAll(stage);
      const killed = await apply('kill', down);
      // Three in turn, and as many errors as nginx' example counts before it leaves a server (max_fails=3).
      for (let asked = 0; asked < 9; asked++) {
        await client.get();
        await wait(pauseMs);
      }
      await killed.heal();
      note(begin);
      const back = await askUntil(stage, 1, (result) => answererOf(topology, result) === down);
      note(end);
      return { ...outcomeOf(topology, back ?? (await client.get())), backend: down, noticed: back !== null, remark: back === null ? `not in ${limitText}` : null };
    },
    met: metTheEnd,
    readMs: (result) => untilWanted(result, (answerer) => answerer === result.data.backend),
  }),
} satisfies Record<string, Failure>;

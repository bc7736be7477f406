/** What the hot-reload scenarios share: a new process replaces the old one while clients hold connections to it. */
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import type { Result, Stage } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';

/** Enough connections for a median that is exact to some 6 %. The rate leaves a small machine time for the rest. */
export const load = { busy: 150, idle: 20, requestsPerS: 10 };
/** A few more connections after the reload. They show which process accepts now. */
const later = { busy: 0, idle: 5, requestsPerS: load.requestsPerS };
/** Busy connections reach their steady rate in this time. */
const settledMs = 300;

export interface Reloaded {
  /** The client's answers: before the reload, right after it, and when the old process must be gone. */
  answers: Awaited<ReturnType<Stage['client']['get']>>[];
  /** Connections of the first batch that are still open at the end. */
  leftOver: { busy: number; idle: number };
}

/** Opens busy and idle connections to backend-1, reloads it, and waits `waitMs`: after that the old process must be gone. */
export async function reloadUnderLoad({ client, dns, startLoad, wait, note, topology }: Stage, reload: () => Promise<void>, waitMs: number): Promise<Reloaded> {
  await dns.chain(['sort', 'selectFirst 1']);
  const address = topology.hosts['backend-1'].ipv4;
  const first = await client.get();
  const connections = await startLoad();
  await connections.open(address, load);
  await wait(settledMs);
  note(reloadNote);
  await reload();
  const second = await client.get();
  await connections.open(address, later);
  await wait(waitMs);
  const { busy, idle } = await connections.alive();
  const third = await client.get();
  return { answers: [first, second, third], leftOver: { busy, idle: idle - later.idle } };
}

const reloadNote = 'reload';

/** What happened to the first batch of connections. `toldAfterMs` and `closedAfterMs` count from the reload, in ms. */
export function fatesOf(events: readonly TimelineEvent[]) {
  const reloadMs = events.find((event) => event.event === 'lab:note' && event.text === reloadNote)?.tMs ?? 0;
  const served = events.filter((event) => event.event === 'load:served');
  const first = new Set(served.filter(({ tMs }) => tMs < reloadMs).map(({ connection }) => connection));
  const told = events.filter((event) => event.event === 'load:told').filter(({ connection }) => first.has(connection));
  const closed = events.filter((event) => event.event === 'load:closed').filter(({ connection }) => first.has(connection));
  const processes = (isFirst: boolean): Set<string> => new Set(served.filter(({ connection }) => first.has(connection) === isFirst).map(({ process }) => process));
  return {
    reloadMs,
    told,
    closed,
    /** The measured rate of a busy connection, in requests a second. */
    requestsPerS: rateOf(served, told),
    /** The processes that answered: the first batch, and the connections that were opened after the reload. */
    oldProcesses: processes(true),
    newProcesses: processes(false),
    toldAfterMs: told.map(({ tMs }) => tMs - reloadMs).sort((one, other) => one - other),
    closedAfterMs: (kind: 'busy' | 'idle') => closed.filter((event) => event.kind === kind).map(({ tMs }) => tMs - reloadMs).sort((one, other) => one - other),
    resets: closed.filter(({ ending }) => ending === 'rst').length,
  };
}

function rateOf(served: readonly { connection: number; tMs: number }[], told: readonly { connection: number; tMs: number; responses: number }[]): number {
  const spans = told.map(({ connection, tMs, responses }) => ({ ms: tMs - (served.find((event) => event.connection === connection)?.tMs ?? tMs), requests: responses - 1 }));
  return (1000 * spans.reduce((sum, { requests }) => sum + requests, 0)) / spans.reduce((sum, { ms }) => sum + ms, 0);
}

/** The host behind each answer of the client: `backend-1 backend-1 backend-1`. */
export function answerersOf({ topology, data }: Result<Reloaded>): string {
  return data.answers.map((answer) => answererOf(topology, answer)).join(' ');
}

/** How many, and when the first and the last came: `150, 0.12 to 3.10 s after the reload`. */
export function spanText(sorted: readonly number[]): string {
  const [first, last] = [sorted[0], sorted.at(-1)];
  return first === undefined || last === undefined ? 'none' : `${sorted.length}, ${(first / 1000).toFixed(2)} to ${(last / 1000).toFixed(2)} s after the reload`;
}

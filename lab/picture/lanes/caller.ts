/** The lane of the caller: its requests, and under each one what it waited for. */
import type { Attempt } from '../../analysis/attempts.ts';
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { nameAt, serverAt, serverTone } from '../hosts.ts';
import type { Exchange, Flow } from '../flows.ts';
import { handshakeOf } from './handshakes.ts';
import { wonAt } from './servers.ts';
import { duration, emptyRow, shortAddress, stacked, type Lane, type Mark, type PicturedHosts, type PicturedRequest, type PicturedRun, type Row } from '../model.ts';

/** More requests at the same time than this share rows. */
const mostRows = 6;

/** A time in which a request may wait for something. The one with the highest rank counts; of two with one rank, the one that began last. */
interface Wait {
  fromMs: number;
  toMs: number;
  rank: number;
  look: Mark['look'];
  tone: Mark['tone'];
  /** What it waits for, with the time in words. */
  labels(ms: number): string[];
  events: readonly number[];
}

export interface CallerLane {
  lane: Lane;
  requests: PicturedRequest[];
}

export function callerLane({ events, findings, hosts }: PicturedRun, flows: readonly Flow[], endMs: number): CallerLane {
  const asked = new Map<number, { index: number; fromMs: number; path: string }>();
  const ended = new Map<number, { index: number; event: Extract<TimelineEvent, { event: 'client:response' | 'client:error' }> }>();
  for (const [index, event] of events.entries()) {
    if (event.event === 'client:request') asked.set(event.request, { index, fromMs: event.tMs, path: `${event.method} ${event.url}` });
    else if ((event.event === 'client:response' || event.event === 'client:error') && !ended.has(event.request)) ended.set(event.request, { index, event });
  }
  const exchanges = Map.groupBy(flows.flatMap((flow) => flow.exchanges), ({ request }) => request);
  const attempts = Map.groupBy(findings.attempts, ({ request }) => request);
  const headers = new Map(events.flatMap((event, index): [number, number][] => (event.event === 'client:response-start' ? [[event.request, index]] : [])));
  const lookups = lookupsOf(events, [...asked].map(([request, { fromMs }]) => ({ request, fromMs, toMs: ended.get(request)?.event.tMs ?? endMs })));
  const statuses = new Map([...asked.keys()].map((request, place) => [request, findings.byRequest[place]?.status ?? null]));

  const bars: Mark[] = [];
  const waits = new Map<Mark, Mark[]>();
  for (const [request, { index, fromMs, path }] of asked) {
    const end = ended.get(request);
    const toMs = end?.event.tMs ?? endMs;
    const ms = duration(toMs - fromMs);
    const outcome = end === undefined ? 'no end in this run' : end.event.event === 'client:error' ? end.event.code : String(statuses.get(request) ?? 'answered');
    const isFailed = end?.event.event === 'client:error' || (statuses.get(request) ?? 0) >= 500;
    const bar: Mark = {
      fromMs, toMs, request,
      tone: isFailed ? 'failed' : end === undefined ? 'client' : 'ok',
      look: isFailed ? 'dashed' : 'solid',
      labels: [`#${request} → ${outcome} after ${ms}`, `#${request} → ${outcome}`, `#${request} ${ms}`, `#${request}`],
      title: `Request #${request}, ${path}: ${outcome} ${end ? 'after' : 'until the end, for'} ${ms}`,
      events: [index, ...(end ? [end.index] : [])],
    };
    bars.push(bar);
    const tried = attempts.get(request) ?? [];
    const all = [
      ...(lookups.get(request) ?? []),
      ...tried.map((attempt) => attemptWait(attempt, hosts, events, Math.min(toMs, wonAt(findings.attempts, attempt) ?? toMs))),
      ...tried.flatMap((attempt) => handshakeWaits(attempt, flows, hosts, toMs)),
      ...(exchanges.get(request) ?? []).flatMap((exchange) => exchangeWaits(exchange, hosts, events, headers.get(request) ?? -1, toMs)),
    ];
    waits.set(bar, waitMarks(all, bar, request));
  }
  const rows = stacked(bars, mostRows).flatMap((row, place): Row[] => [
    emptyRow(place === 0 ? 'request' : '', 'tall', { bars: row }),
    emptyRow(place === 0 ? 'waits for' : '', 'middle', { bars: row.flatMap((bar) => waits.get(bar) ?? []) }),
  ]);
  const requests = bars.map(({ request = 0, title, fromMs, toMs }) => ({ request, title, fromMs, toMs }));
  return { lane: { name: 'caller', tone: 'ok', rows }, requests };
}

/** The lookups of each request: from its trace, or from the queries while it was the only request. */
function lookupsOf(events: readonly TimelineEvent[], requests: readonly { request: number; fromMs: number; toMs: number }[]): Map<number, Wait[]> {
  const found = new Map<number, Wait[]>();
  const open = new Map<string, { request: number; fromMs: number; index: number; name: string }>();
  const add = (request: number, fromMs: number, toMs: number, name: string, error: string | undefined, indexes: number[]): void => {
    const labels = (ms: number): string[] => (error === undefined ? [`DNS ${name} ${duration(ms)}`, `DNS ${duration(ms)}`, 'DNS'] : [`DNS ${error} ${duration(ms)}`, `DNS ${error}`, 'DNS']);
    found.set(request, [...(found.get(request) ?? []), { fromMs, toMs, rank: 1, look: error === undefined ? 'solid' : 'dashed', tone: error === undefined ? 'dns' : 'failed', labels, events: indexes }]);
  };
  let isTraced = false;
  const queries = new Map<string, { fromMs: number; index: number; name: string }>();
  /** The one request that is under way at that time, if there is only one. */
  const only = (ms: number): number | undefined => {
    const under = requests.filter(({ fromMs, toMs }) => fromMs <= ms && ms <= toMs);
    return under.length === 1 ? under[0]?.request : undefined;
  };
  for (const [index, event] of events.entries()) {
    if (event.event === 'client:dns-start') {
      isTraced = true;
      open.set(`${event.request} ${event.lookup}`, { request: event.request, fromMs: event.tMs, index, name: event.name });
    } else if (event.event === 'client:dns-done') {
      const begun = open.get(`${event.request} ${event.lookup}`);
      open.delete(`${event.request} ${event.lookup}`);
      if (begun) add(begun.request, begun.fromMs, event.tMs, begun.name, event.error, [begun.index, index]);
    } else if (event.event === 'wire:dns-query') queries.set(`${event.id} ${event.type}`, { fromMs: queries.get(`${event.id} ${event.type}`)?.fromMs ?? event.tMs, index, name: event.name });
    else if (event.event === 'wire:dns-response' && !isTraced) {
      const query = queries.get(`${event.id} ${event.type}`);
      queries.delete(`${event.id} ${event.type}`);
      const request = query && only(query.fromMs);
      if (query && request !== undefined) add(request, query.fromMs, event.tMs, query.name, event.rcode === 'NOERROR' ? undefined : event.rcode, [query.index, index]);
    }
  }
  for (const { request, fromMs, index, name } of open.values()) add(request, fromMs, Infinity, name, 'without an answer', [index]);
  if (!isTraced) {
    for (const { fromMs, index, name } of queries.values()) {
      const request = only(fromMs);
      if (request !== undefined) add(request, fromMs, Infinity, name, 'without an answer', [index]);
    }
  }
  return found;
}

/** `limitMs`: the end of the request, or the moment in which another attempt of the dial won. */
function attemptWait(attempt: Attempt, hosts: PicturedHosts, events: readonly TimelineEvent[], limitMs: number): Wait {
  const { address, startMs, endMs, outcome, localPort } = attempt;
  const isConnected = outcome === 'connected';
  const toMs = Math.min(endMs ?? limitMs, limitMs);
  const short = shortAddress(address);
  const word = { refused: 'refused', unreachable: 'unreachable', aborted: 'aborted', silent: 'silent', 'given up': 'silent', open: 'silent' }[outcome] ?? outcome;
  const indexes = events.flatMap((event, index) => (event.tMs >= startMs - 1 && event.tMs <= toMs + 1 && 'address' in event && event.address === address && (event.witness === 'client' || ('localPort' in event && event.localPort === localPort)) && /connect|syn|rst|unreachable/.test(event.event) ? [index] : []));
  return {
    fromMs: startMs, toMs, rank: 2, events: indexes,
    look: isConnected ? 'outline' : 'dashed',
    tone: isConnected ? serverTone(serverAt(hosts, address)) : 'failed',
    labels: (ms) => (isConnected ? [`connect ${short} ${duration(ms)}`, `connect ${duration(ms)}`, 'connect'] : [`${short} ${word} ${duration(ms)}`, `${word} ${duration(ms)}`, word, short]),
  };
}

/** TLS begins when the attempt has connected, and the request waits for it. `limitMs`: the end of the request. */
function handshakeWaits({ address, localPort, startMs, endMs }: Attempt, flows: readonly Flow[], hosts: PicturedHosts, limitMs: number): Wait[] {
  const flow = flows.find((each) => each.address === address && each.localPort === localPort && (each.packets[0]?.event.tMs ?? 0) <= (endMs ?? startMs) && (each.connectedMs ?? -1) >= startMs);
  const handshake = flow && handshakeOf(flow);
  if (!handshake) return [];
  const { fromMs, doneMs, isAnswered, events } = handshake;
  const toMs = Math.min(doneMs ?? flow.closedMs ?? limitMs, limitMs);
  if (isAnswered) return [{ fromMs, toMs, rank: 2, look: 'outline', tone: serverTone(serverAt(hosts, address)), labels: (ms) => [`TLS ${duration(ms)}`, 'TLS'], events }];
  return [{ fromMs, toMs, rank: 2, look: 'dashed', tone: 'failed', labels: (ms) => [`TLS not answered ${duration(ms)}`, 'TLS not answered', 'TLS'], events }];
}

function exchangeWaits({ flow, asked, answered }: Exchange, hosts: PicturedHosts, events: readonly TimelineEvent[], headers: number, requestEndMs: number): Wait[] {
  const host = nameAt(hosts, flow.address);
  const tone = serverTone(serverAt(hosts, flow.address));
  const fromMs = asked.event.tMs;
  if (answered === null) {
    const toMs = Math.min(flow.closedMs !== null && flow.closedMs > fromMs ? flow.closedMs : requestEndMs, requestEndMs);
    return [{ fromMs, toMs, rank: 3, look: 'dashed', tone: 'failed', labels: (ms) => [`${host}: no answer ${duration(ms)}`, `no answer ${duration(ms)}`, 'no answer'], events: [asked.index] }];
  }
  const answeredMs = answered.event.tMs;
  const waits: Wait[] = [{ fromMs, toMs: answeredMs, rank: 3, look: 'solid', tone, labels: (ms) => [`${host} answers ${duration(ms)}`, `server ${duration(ms)}`, 'server'], events: [asked.index, answered.index] }];
  // Only a trace tells the time in which the client reads from the time in which the body is on its way.
  if (headers > answered.index) waits.push({ fromMs: Math.max(events[headers]?.tMs ?? answeredMs, answeredMs), toMs: requestEndMs, rank: 0, look: 'outline', tone, labels: (ms) => [`body ${duration(ms)}`, 'body'], events: [headers] });
  return waits;
}

/** Cuts the waits into marks that do not overlap and fill the whole request. What is left is the client's own time. */
function waitMarks(waits: readonly Wait[], { fromMs, toMs }: Mark, request: number): Mark[] {
  const cutting = waits.filter((wait) => wait.toMs > fromMs && wait.fromMs < toMs);
  const edges = [...new Set([fromMs, toMs, ...cutting.flatMap((wait) => [Math.max(wait.fromMs, fromMs), Math.min(wait.toMs, toMs)])])].sort((one, other) => one - other);
  const pieces: { wait: Wait | null; fromMs: number; toMs: number }[] = [];
  for (const [place, edge] of edges.entries()) {
    const nextMs = edges[place + 1];
    if (nextMs === undefined) break;
    const open = cutting.filter((wait) => wait.fromMs <= edge && wait.toMs >= nextMs);
    const wait = open.sort((one, other) => other.rank - one.rank || other.fromMs - one.fromMs)[0] ?? null;
    const last = pieces.at(-1);
    if (last?.wait === wait) last.toMs = nextMs;
    else pieces.push({ wait, fromMs: edge, toMs: nextMs });
  }
  return pieces.map(({ wait, ...piece }): Mark => {
    const ms = piece.toMs - piece.fromMs;
    const labels = wait?.labels(ms) ?? [`client ${duration(ms)}`, 'client'];
    return { ...piece, request, labels, look: wait?.look ?? 'solid', tone: wait?.tone ?? 'client', title: wait ? `Request #${request} waits for: ${labels[0] ?? ''}` : `Request #${request}: ${duration(ms)} in the client itself, or not seen by a witness`, events: wait?.events ?? [] };
  });
}

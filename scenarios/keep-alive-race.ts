import { check, checkUnless, type Check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import type { AddressedResult, StageClient } from '../lab/clients/stage-client.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';

/** Longer than the 2 s that fetch in Node 24 subtracts from an announced time, and shorter than the 4 s after which it closes an idle connection by itself. */
const keepAliveMs = 3_000;
/** A packet of a backend needs this time. A request that leaves the client in this time after the server has closed crosses the FIN. */
const delayMs = 300;
/** The pause of a client that comes back soon. */
const soonMs = 100;
/** Packets pass a relay, which can be late on a busy machine. The nearest wrong value is a second away: Node's own buffer, or a header that was rounded. */
const idleTolerance = { earlyMs: 100, lateMs: 400 };

const cases = [
  { backend: 'backend-1', announce: true, title: 'announced' },
  { backend: 'backend-2', announce: false, title: 'unannounced' },
] as const;
type Title = (typeof cases)[number]['title'];

/**
 * One client sends `first`, `soon` and `race`. Another one, which waits at the same time, sends `late-first` and `late`. So a run does not take
 * twice as long.
 */
type Step = 'first' | 'soon' | 'race' | 'late-first' | 'late';
/** The query names the request, so that the packets and the backend's log tell which one it is. */
const pathOf = (title: Title, step: Step): string => `/?${title}-${step}`;
/** The result of each request, by its path. */
type Results = Record<string, AddressedResult>;

const keepsNone = 'the client keeps no connection';
const notSent = 'the client did not send this request';

export const keepAliveRace = defineScenario({
  title: 'the server closes an idle connection while the next request is on its way: who loses the race?',
  teaches:
    'A client that keeps idle connections longer than its server does loses a request now and then. The header `Keep-Alive: timeout` helps only ' +
    'a client that obeys it.',
  predict:
    `Two backends close a connection that has been idle for ${keepAliveMs / 1000} s. One announces it with \`Keep-Alive: timeout=${keepAliveMs / 1000}\`, the other announces nothing. ` +
    `Each packet of a backend needs ${delayMs} ms. A client sends its next request ${soonMs} ms after a response, then at the moment when the backend closes, and ` +
    'then when the FIN has arrived. Which requests come back as an error, and from which backend?',
  explains:
    'A server may close an idle connection at any time. Its FIN needs a while, and until it arrives the client knows nothing. A request that leaves ' +
    'in this time meets a socket that is closed. The caller gets ECONNRESET, "socket hang up" or "other side closed", although no server is broken. ' +
    'A request that leaves a little earlier is answered on the kept connection, and a request that leaves a little later opens a new connection. So the ' +
    'error comes now and then, and on a service that is often idle. Some clients send the request again and hide the error (Go and curl, for GET). ' +
    'The header ends the race for a client that obeys it. fetch in Node 24 subtracts 2 s from the announced time, and then closes the connection itself. ' +
    'node:http subtracts 1 s, but it only shortens the `timeout` of an agent that has one. The global agent has one, of 5 s. An agent with `keepAlive: true` ' +
    'alone, as here, keeps the connection and loses the race. If too little is left of the announced time, the client keeps no connection: fetch up to ' +
    '`timeout=2`, node:http up to `timeout=1`. Where the header does not help, give the client an idle timeout that is shorter than the server’s.',
  sources: [
    'RFC 9112 section 9.5 (either side may close at any time)', 'RFC 9112 section 9.3.1 (retrying requests)', 'RFC 9293 section 3.10.7.1 (RST for a closed socket)',
    'RFC 2068 section 19.7.1.1 (the Keep-Alive header)', 'Node lib/_http_agent.js, keepSocketAlive', 'undici lib/dispatcher/client-h1.js, onHeadersComplete; docs: Client option `keepAliveTimeoutThreshold`',
    'nodejs/node#52649', 'Go net/http: transport.go, shouldRetryRequest',
  ],
  run: async ({ apply, behave, client, startClient, wait, until, note, topology }) => {
    await Promise.all(cases.map(({ backend, announce }) => behave(backend, { keepAliveMs, announce })));
    await Promise.all(cases.map(({ backend }) => apply('delay', backend, { delayMs })));
    const other = await startClient({});
    const results: Results = {};
    const ask = async (by: StageClient, { backend, title }: (typeof cases)[number], step: Step): Promise<void> => {
      const path = pathOf(title, step);
      results[path] = await by.get(urlOf(topology, nameOf(backend), path));
    };
    /** Waits for the end of the connection of a request that was answered. */
    const ended = async (title: Title, step: Step, isEnd: (path: string) => (event: TimelineEvent) => boolean): Promise<void> => {
      const path = pathOf(title, step);
      if (results[path]?.ok === true) await until(isEnd(path), keepAliveMs + 2_000);
    };
    // The other client comes first: what happens between a `soon` and its `race` must not take longer than the backend keeps a connection.
    note('each backend: one request of another client');
    for (const each of cases) await ask(other, each, 'late-first');
    for (const each of cases) {
      note(`${each.title}: two requests, ${soonMs} ms apart`);
      await ask(client, each, 'first');
      await wait(soonMs);
      await ask(client, each, 'soon');
    }
    for (const each of cases) {
      await ended(each.title, 'soon', closedByBackend);
      note(`${each.title}: a request as the connection is closed`);
      await ask(client, each, 'race');
    }
    for (const each of cases) await ended(each.title, 'late-first', closedOnWire);
    // A busy client gets the time to read the FIN.
    await wait(soonMs);
    for (const each of cases) {
      note(`${each.title}: a request after the connection was closed`);
      await ask(other, each, 'late');
    }
    return results;
  },
  checks: ({ events, data }) => {
    const unhurried = cases.flatMap(({ title }) => (['first', 'soon', 'late-first'] as const).map((step) => data[pathOf(title, step)]?.ok === true));
    const keeps = cases.some(({ title }) => keepsConnection(events, title));
    const idleMs = cases.flatMap(({ title }) => (['soon', 'late-first'] as const).flatMap((step) => usesOf(events, pathOf(title, step)).flatMap((use) => use.idleMs ?? [])));
    const { earlyMs, lateMs } = idleTolerance;
    return [
      check('each request that met no closing was answered', unhurried.every(Boolean), `${unhurried.filter(Boolean).length} of ${unhurried.length}`),
      checkUnless(
        !keeps ? keepsNone : idleMs.length === 0 ? 'the client closed each connection before the server did' : null,
        check(
          `the server closed idle connections after ${keepAliveMs} ms (−${earlyMs}/+${lateMs})`,
          idleMs.every((ms) => ms >= keepAliveMs - earlyMs && ms <= keepAliveMs + lateMs), idleMs.map((ms) => `${ms.toFixed(0)} ms`).join(', '),
        ),
      ),
      ...cases.flatMap(({ title }) => [raceCheck(events, title, data), lateCheck(events, title, data)]),
    ];
  },
  contract: ({ events, client: { transport }, data }) => {
    const [kept, fresh] = ['sent on a kept connection, answered', 'sent on a new connection, answered'];
    const lost = `sent on a kept connection, ${transport === 'fetch' ? 'UND_ERR_SOCKET' : 'ECONNRESET'} reached the caller`;
    return cases.flatMap(({ title, announce }) =>
      Object.entries({ soon: kept, race: announce && transport === 'fetch' ? fresh : lost, late: fresh }).map(([step, expected]) => {
        const told = outcome(events, pathOf(title, step as Step), data);
        return check(`${title}, ${step}: ${expected}`, told === expected, told);
      }),
    );
  },
});

/** A condition for `until`: the backend has closed the connection of the request. Its FIN may still be on its way. */
function closedByBackend(path: string): (event: TimelineEvent) => boolean {
  let connection: string | undefined;
  return (event) => {
    if (event.event === 'backend:request' && event.path === path) connection = `${event.host} ${event.connection}`;
    return event.event === 'backend:close' && `${event.host} ${event.connection}` === connection;
  };
}

/** A condition for `until`: the packets show the end of the connection of the request. */
function closedOnWire(path: string): (event: TimelineEvent) => boolean {
  let connection: string | undefined;
  return (event) => {
    if (isRequest(event, path)) connection = flowOf(event);
    return (event.event === 'wire:fin' || event.event === 'wire:rst') && flowOf(event) === connection;
  };
}

/** An event of one connection. */
type Packet = Extract<TimelineEvent, { address: string; localPort: number }>;

function isRequest(event: TimelineEvent, path: string): event is Extract<TimelineEvent, { event: 'wire:request' }> {
  return event.event === 'wire:request' && event.line.startsWith(`GET ${path} `);
}

function flowOf({ address, localPort }: Pick<Packet, 'address' | 'localPort'>): string {
  return `${address} ${localPort}`;
}

/** A request on one connection. A client that sends it again uses another one. */
interface Use {
  /** When the first packet for it left: the request itself, or the SYN of a new connection. */
  leftMs: number;
  /** The connection was there before the caller asked. */
  isKept: boolean;
  isAnswered: boolean;
  /** When the server closed the connection, from its own log. */
  closedMs: number;
  /** When its FIN reached the client. */
  finMs: number;
  /** When either side ended the connection, from the packets. */
  endMs: number;
  /** From the last response to the FIN of the server. Null if the client ended the connection first. */
  idleMs: number | null;
}

/** Where a request was sent, from the packets. A time of something that did not happen is Infinity. */
function usesOf(events: readonly TimelineEvent[], path: string): Use[] {
  const askedMs = events.find((event) => event.event === 'client:request' && event.url.endsWith(path))?.tMs ?? Infinity;
  return events.filter((event) => isRequest(event, path)).map((sent) => {
    const packets = events.filter((event): event is Packet => event.witness === 'wire' && 'localPort' in event && flowOf(event) === flowOf(sent));
    const end = packets.find(({ event }) => event === 'wire:fin' || event === 'wire:rst');
    const isOfServer = end?.event === 'wire:fin' && end.sender === 'server';
    const last = packets.findLast(({ event, tMs }) => event === 'wire:response' && tMs < (end?.tMs ?? 0));
    const accepted = events.find((event) => event.event === 'backend:accept' && event.address === sent.address && event.fromPort === sent.localPort);
    const closed = accepted?.event === 'backend:accept' && events.find((event) => event.event === 'backend:close' && event.host === accepted.host && event.connection === accepted.connection);
    const startMs = packets.find(({ event }) => event === 'wire:syn')?.tMs ?? sent.tMs;
    const isKept = startMs < askedMs;
    return {
      leftMs: isKept ? sent.tMs : startMs,
      isKept,
      isAnswered: packets.some((event) => event.event === 'wire:response' && event.count === sent.count),
      closedMs: closed ? closed.tMs : Infinity,
      finMs: isOfServer ? end.tMs : Infinity,
      endMs: end?.tMs ?? Infinity,
      idleMs: isOfServer && last ? end.tMs - last.tMs : null,
    };
  });
}

function keepsConnection(events: readonly TimelineEvent[], title: Title): boolean {
  return usesOf(events, pathOf(title, 'soon')).some(({ isKept }) => isKept);
}

/** On which connections a request left, and what its caller got: `sent on a kept connection, then on a new connection, answered`. */
function outcome(events: readonly TimelineEvent[], path: string, data: Results): string {
  const uses = usesOf(events, path).map(({ isKept }) => `on a ${isKept ? 'kept' : 'new'} connection`);
  const result = data[path];
  return `${uses.length === 0 ? 'not sent' : `sent ${uses.join(', then ')}`}, ${result?.ok === false ? `${result.error.slice(0, 80)} reached the caller` : 'answered'}`;
}

/** A request on a connection that the server has just closed crosses the FIN. A client may have left the connection before. */
function raceCheck(events: readonly TimelineEvent[], title: Title, data: Results): Check {
  const path = pathOf(title, 'race');
  const uses = usesOf(events, path);
  const kept = uses.find(({ isKept }) => isKept);
  const { closedMs, finMs } = kept ?? usesOf(events, pathOf(title, 'soon'))[0] ?? { closedMs: Infinity, finMs: Infinity };
  const leftMs = (kept ?? uses[0])?.leftMs ?? 0;
  return checkUnless(
    uses.length === 0 ? notSent
    : !keepsConnection(events, title) ? keepsNone
    : leftMs > finMs ? `the FIN had arrived ${(leftMs - finMs).toFixed(0)} ms before the request left`
    : kept && leftMs < closedMs ? 'the server had not closed the connection that the request left on'
    : null,
    check(
      `${title}: as a connection is closed, no request is answered on it`, kept?.isAnswered !== true,
      `${outcome(events, path, data)}${kept ? ` (left ${(leftMs - closedMs).toFixed(0)} ms after the server had closed, ${(finMs - leftMs).toFixed(0)} ms before its FIN arrived)` : ''}`,
    ),
  );
}

/** A request after the end of the connection. Whether the client has noticed the end is told by the outcome. */
function lateCheck(events: readonly TimelineEvent[], title: Title, data: Results): Check {
  const path = pathOf(title, 'late');
  const [waited, late] = [usesOf(events, pathOf(title, 'late-first'))[0], usesOf(events, path)[0]];
  return checkUnless(late ? null : notSent, check(`${title}: the last request left when the connection had ended`, (waited?.endMs ?? Infinity) < (late?.leftMs ?? 0), outcome(events, path, data)));
}

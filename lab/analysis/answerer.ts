/**
 * Which address answered a request. Three witnesses know it: the client's trace, the packets, and the servers' logs. A client under test need
 * not print the body (`curl -o /dev/null`), and can print anything, so the body decides only between several addresses that have answered.
 */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { hostAt, isBackend, type BackendName, type Topology } from '../vocabulary/topology.ts';
import { requestsUnderWay } from './attempts.ts';
import { startOf } from './request-line.ts';

/** A caller's request. */
export type Caller = Extract<TimelineEvent, { event: 'client:request' }>;
type Response = Extract<TimelineEvent, { event: 'client:response' }>;

/** A request that left after the caller asked, and that a server answered. */
interface Exchange {
  address: string;
  askedMs: number;
  answeredMs: number;
  /** It has the method and the target that the caller asked for. A browser asks for an icon, too. */
  isAsked: boolean;
}

/** The backend that answered a request, or null. Its address: `answererAddress`. */
export function answererOf(events: readonly TimelineEvent[], request: number, topology: Topology): BackendName | null {
  const address = answererAddress(events, request, topology);
  const host = address === null ? undefined : hostAt(topology, address);
  return isBackend(host) ? host : null;
}

/**
 * The address that answered a request. Null if the request has no response, if no witness saw that a server answered it, and if several
 * requests were under way, several addresses answered, and the body names none of them.
 */
export function answererAddress(events: readonly TimelineEvent[], request: number, topology: Topology): string | null {
  return tracedAnswerer(events, request) ?? decide(events, request, exchangesOnWire) ?? loggedAnswerer(events, request, topology);
}

/** The same from the client's trace alone: the connection that the request used last, because a transport may have tried another one before. */
export function tracedAnswerer(events: readonly TimelineEvent[], request: number): string | null {
  if (!events.some((event) => event.event === 'client:response' && event.request === request)) return null;
  const used = events.findLast((event) => event.event === 'client:connection' && event.request === request);
  return used?.event === 'client:connection' ? used.address : null;
}

/** The same from the servers' logs alone. A server that is not the lab's has no log. */
export function loggedAnswerer(events: readonly TimelineEvent[], request: number, { hosts: { client } }: Topology): string | null {
  return decide(events, request, (during, asked) => {
    const exchanges = exchangesInLogs(during, events, asked, [client.ipv4, client.ipv6]);
    return haveAnOrder(exchanges) ? exchanges : [];
  });
}

/** The events while a request was under way, and whether no other request was. `end` is its response or error. */
export function windowOf(events: readonly TimelineEvent[], { request, tMs }: Caller, end: TimelineEvent | undefined): { isAlone: boolean; during: readonly TimelineEvent[] } {
  const endMs = end?.tMs ?? Infinity;
  const during = events.filter((event) => event.tMs >= tMs && event.tMs <= endMs);
  const others = requestsUnderWay(events, tMs).filter((other) => other !== request);
  return { isAlone: others.length === 0 && !during.some((event) => event.event === 'client:request' && event.request !== request && event.tMs < endMs), during };
}

function decide(events: readonly TimelineEvent[], request: number, exchangesOf: (during: readonly TimelineEvent[], asked: Caller) => Exchange[]): string | null {
  const asked = events.find((event): event is Caller => event.event === 'client:request' && event.request === request);
  const response = events.find((event): event is Response => event.event === 'client:response' && event.request === request);
  if (!asked || !response) return null;
  const { isAlone, during } = windowOf(events, asked, response);
  const all = exchangesOf(during, asked);
  const own = all.filter(({ isAsked }) => isAsked);
  // A redirect has another target than the caller's.
  const addresses = (own.length > 0 ? own : all).sort((one, other) => one.answeredMs - other.answeredMs).map(({ address }) => address);
  // A client that repeats a request stops at the response that it gives to its caller.
  if (isAlone || new Set(addresses).size <= 1) return addresses.at(-1) ?? null;
  const named = /Hello, World from (\S+)/.exec(response.body)?.[1];
  return addresses.find((address) => address === named) ?? null;
}

/**
 * Whether every exchange ends before one of another address begins. A server's log can be late: on a busy machine it may say that the response was
 * sent after the client has made its next request. So the logs do not tell which of two overlapping responses was the last one.
 */
function haveAnOrder(exchanges: readonly Exchange[]): boolean {
  return exchanges.every((one) => exchanges.every((other) => one.address === other.address || one.answeredMs < other.askedMs || other.answeredMs < one.askedMs));
}

function exchangesOnWire(during: readonly TimelineEvent[], asked: Caller): Exchange[] {
  return during.flatMap((sent): Exchange[] => {
    if (sent.event !== 'wire:request') return [];
    const { address, localPort, count, line, tMs } = sent;
    const response = during.find((event) => event.event === 'wire:response' && event.address === address && event.localPort === localPort && event.count === count && event.tMs >= tMs);
    return response ? [{ address, askedMs: tMs, answeredMs: response.tMs, isAsked: line.startsWith(startOf(asked)) }] : [];
  });
}

/** A log may say a little later than the client that the response was sent, so `events` go on after the end of the request. */
function exchangesInLogs(during: readonly TimelineEvent[], events: readonly TimelineEvent[], asked: Caller, client: readonly string[]): Exchange[] {
  return during.flatMap((sent): Exchange[] => {
    if (sent.event !== 'backend:request' || !client.includes(sent.from)) return [];
    const { host, connection, stream, address, method, path, tMs } = sent;
    const next = events.find((event) => event.tMs >= tMs && event !== sent && event.host === host && (event.event === 'backend:request' || event.event === 'backend:response') && event.connection === connection && event.stream === stream);
    return next?.event === 'backend:response' ? [{ address, askedMs: tMs, answeredMs: next.tMs, isAsked: `${method} ${path} ` === startOf(asked) }] : [];
  });
}

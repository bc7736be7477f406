import { describe, expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { answererAddress, answererOf } from './answerer.ts';

const topology = createTopology();
const { client, observer, 'backend-1': one, 'backend-2': two } = topology.hosts;

const at = <Name extends EventName>(tMs: number, event: Name, payload: Payload<Name>, host = 'client'): TimelineEvent =>
  ({ tMs, witness: event.split(':')[0], host, event, ...payload }) as unknown as TimelineEvent;
const asked = (tMs: number, request: number, url = 'http://web.lab.test:8080/'): TimelineEvent => at(tMs, 'client:request', { request, method: 'GET', url });
const told = (tMs: number, request: number, body = ''): TimelineEvent => at(tMs, 'client:response', { request, body });
/** A request on the wire and its response. */
const exchange = (tMs: number, address: string, { untilMs = tMs + 1, port = 40_000, count = 1, line = 'GET / HTTP/1.1' } = {}): TimelineEvent[] => [
  at(tMs, 'wire:request', { address, port: 8080, localPort: port, family: 4, count, line }),
  at(untilMs, 'wire:response', { address, port: 8080, localPort: port, family: 4, count, line: 'HTTP/1.1 200 OK' }),
];
const logged = (tMs: number, host: 'backend-1' | 'backend-2', { from = client.ipv4, path = '/', untilMs = tMs + 1 } = {}): TimelineEvent[] => {
  const { ipv4: address } = topology.hosts[host];
  return [at(tMs, 'backend:request', { connection: 1, from, method: 'GET', path, address }, host), at(untilMs, 'backend:response', { connection: 1, from, status: 200, address }, host)];
};
const inOrder = (...events: TimelineEvent[][]): TimelineEvent[] => events.flat().sort((a, b) => a.tMs - b.tMs);
const addresses = (events: readonly TimelineEvent[], requests = [1]): (string | null)[] => requests.map((request) => answererAddress(events, request, topology));

describe('the address that answered a request', () => {
  test('is that of the last connection of the trace, whatever the packets and the body say', () => {
    const used = (tMs: number, address: string): TimelineEvent => at(tMs, 'client:connection', { request: 1, connection: 1, reused: false, address, port: 8080 });
    expect(addresses(inOrder([asked(0, 1), used(1, one.ipv4), used(3, two.ipv4), told(9, 1, `Hello, World from ${one.ipv4}`)], exchange(5, one.ipv4)))).toEqual([two.ipv4]);
  });

  test('is that of the last response on the wire, for a client that repeats its request', () => {
    expect(addresses(inOrder([asked(0, 1), told(9, 1)], exchange(1, one.ipv4), exchange(5, two.ipv4, { port: 40_001 })))).toEqual([two.ipv4]);
  });

  test('is not that of a request that left before the caller asked, and was answered late', () => {
    const events = inOrder([asked(0, 1), at(3, 'client:error', { request: 1, code: 'TIMEOUT', causes: [] }), asked(4, 2), told(9, 2)], exchange(1, one.ipv4, { untilMs: 7 }), exchange(5, two.ipv4, { port: 40_001, untilMs: 6 }));
    expect(addresses(events, [1, 2])).toEqual([null, two.ipv4]);
    // The same on one connection: the second request has no response of its own.
    const pipelined = inOrder([asked(0, 1), at(3, 'client:error', { request: 1, code: 'TIMEOUT', causes: [] }), asked(4, 2), told(9, 2)], exchange(1, one.ipv4, { untilMs: 6 }), exchange(5, one.ipv4, { count: 2 }).slice(0, 1));
    expect(addresses(pipelined, [2])).toEqual([null]);
  });

  test('is not that of another request of a browser; a redirect has another target, and counts', () => {
    const icon = exchange(5, two.ipv4, { port: 40_001, line: 'GET /favicon.ico HTTP/1.1' });
    expect(addresses(inOrder([asked(0, 1), told(9, 1)], exchange(1, one.ipv4), icon))).toEqual([one.ipv4]);
    expect(addresses(inOrder([asked(0, 1, 'http://web.lab.test:8080/a?b'), told(9, 1)], exchange(1, two.ipv4, { line: 'GET /b HTTP/1.1' })))).toEqual([two.ipv4]);
  });

  test('is null if no server answered, whatever the body says', () => {
    expect(addresses([asked(0, 1), told(9, 1, `Hello, World from ${one.ipv4}`)])).toEqual([null]);
    expect(addresses([asked(0, 1), ...exchange(1, one.ipv4).slice(0, 1), told(9, 1)])).toEqual([null]);
  });

  test('of requests at the same time is known if one address answered; otherwise the body decides, or nobody knows', () => {
    const same = inOrder([asked(0, 1), asked(1, 2), told(8, 1), told(9, 2)], exchange(2, one.ipv4), exchange(3, one.ipv4, { port: 40_001 }));
    expect(addresses(same, [1, 2])).toEqual([one.ipv4, one.ipv4]);
    const bodies = (first: string, second: string): TimelineEvent[] =>
      inOrder([asked(0, 1), asked(1, 2), told(8, 1, first), told(9, 2, second)], exchange(2, one.ipv4), exchange(3, two.ipv4, { port: 40_001 }));
    expect(addresses(bodies(`Hello, World from ${two.ipv4}`, `Hello, World from ${one.ipv4}\n`), [1, 2])).toEqual([two.ipv4, one.ipv4]);
    expect(addresses(bodies('', 'Hello, World from 203.0.113.9'), [1, 2])).toEqual([null, null]);
  });

  test('of requests at the same time is known by their targets', () => {
    const events = inOrder([asked(0, 1, 'http://web.lab.test:8080/a'), asked(1, 2, 'http://web.lab.test:8080/b'), told(8, 1), told(9, 2)], exchange(2, one.ipv4, { line: 'GET /b HTTP/1.1' }), exchange(3, two.ipv4, { port: 40_001, line: 'GET /a HTTP/1.1' }));
    expect(addresses(events, [1, 2])).toEqual([two.ipv4, one.ipv4]);
  });

  test('comes from the servers’ logs where packets do not show it; a log may be a little late, and the observer does not count', () => {
    const events = inOrder([asked(0, 1), told(9, 1)], logged(1, 'backend-2', { untilMs: 9.5 }), logged(2, 'backend-1', { from: observer.ipv4, untilMs: 9.7 }));
    expect(addresses(events)).toEqual([two.ipv4]);
    expect(answererOf(events, 1, topology)).toBe('backend-2');
  });

  test('of a repeated request comes from the logs only where they have an order: a log that is late does not tell which response was the last', () => {
    expect(addresses(inOrder([asked(0, 1), told(9, 1)], logged(1, 'backend-2', { untilMs: 2 }), logged(3, 'backend-1')))).toEqual([one.ipv4]);
    expect(addresses(inOrder([asked(0, 1), told(9, 1)], logged(1, 'backend-2', { untilMs: 5 }), logged(3, 'backend-1')))).toEqual([null]);
    expect(addresses(inOrder([asked(0, 1), told(9, 1)], logged(1, 'backend-1', { untilMs: 5 }), logged(3, 'backend-1')))).toEqual([one.ipv4]);
  });

  test('is not that of a server that ended the connection instead of a response', () => {
    const [request] = logged(1, 'backend-1').slice(0, 1);
    const cut = at(2, 'backend:broke-off', { connection: 1, from: client.ipv4, address: one.ipv4, ending: 'fin' }, 'backend-1');
    expect(addresses([asked(0, 1), ...(request ? [request] : []), cut, told(9, 1)])).toEqual([null]);
    expect(answererOf([], 1, topology)).toBeNull();
  });
});

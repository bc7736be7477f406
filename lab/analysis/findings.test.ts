import { describe, expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { findingsOf } from './findings.ts';

const topology = createTopology();
const { client, observer } = topology.hosts;

const at = <Name extends EventName>(tMs: number, event: Name, payload: Payload<Name>, host = 'client'): TimelineEvent =>
  ({ tMs, witness: event.split(':')[0], host, event, ...payload }) as unknown as TimelineEvent;
const request = (tMs: number, number: number): TimelineEvent => at(tMs, 'client:request', { request: number, method: 'GET', url: '' });
const connection = (tMs: number, number: number, address: string, reused = false): TimelineEvent => at(tMs, 'client:connection', { request: number, connection: 1, reused, address, port: 8080 });
const response = (tMs: number, number: number): TimelineEvent => at(tMs, 'client:response', { request: number, status: 200, body: '' });
const error = (tMs: number, number: number): TimelineEvent => at(tMs, 'client:error', { request: number, code: 'ECONNREFUSED', causes: [] });
const query = (tMs: number, type: string, from: string): TimelineEvent => at(tMs, 'dns:query', { id: 1, name: 'web.lab.test', type, transport: 'udp', from, fromPort: 1 }, 'dns');
const lookup = (tMs: number, number: number, id: number): TimelineEvent => at(tMs, 'client:dns-start', { request: number, lookup: id, name: 'web.lab.test', family: 0, resolver: 'lookup' });
const done = (tMs: number, number: number, address: string): TimelineEvent => at(tMs, 'client:connect-done', { request: number, connection: 1, address, port: 8080, family: 4, localPort: 1 });
const fault = (tMs: number, event: 'fault:apply' | 'fault:heal', host: string): TimelineEvent =>
  event === 'fault:apply' ? at(tMs, event, { fault: `kill ${host}`, options: '' }, host) : at(tMs, event, { fault: `kill ${host}` }, host);

test('without events, counts are 0 and measurements are null', () => {
  expect(findingsOf([], topology)).toEqual({
    requests: { sent: 0, ok: 0, failed: 0 },
    statuses: {},
    byRequest: [],
    perBackend: { 'backend-1': 0, 'backend-2': 0, 'backend-3': 0 },
    connections: { opened: 0, reused: 0 },
    dnsQueries: { A: 0, AAAA: 0 },
    resolver: null,
    queryOrder: null,
    attempts: [],
    addressesTried: [],
    perFamily: { IPv4: 0, IPv6: 0 },
    attemptsKept: null,
    fallbackDelayMs: null,
    nextAddressDelayMs: null,
    resolutionDelayMs: null,
    requestsOnWire: null,
    repeated: null,
    retransmissions: null,
    tlsHandshakes: null,
    resumed: null,
    handshakeMs: null,
    streamsPerConnection: [],
    answerOrder: null,
    reResolutions: 0,
    recoveryMs: null,
    returnMs: null,
    skew: { maxOverFair: null, jainIndex: null, chi2p: null },
  });
});

test('requests, connections, queries and lookups are counted, without those of the observer', () => {
  const findings = findingsOf(
    [
      request(0, 1), lookup(1, 1, 1), query(2, 'A', client.ipv4), query(2, 'AAAA', client.ipv6), query(2, 'A', observer.ipv4),
      done(3, 1, '198.51.100.11'), connection(3, 1, '198.51.100.11'), response(4, 1),
      request(5, 2), connection(5, 2, '198.51.100.11', true), response(6, 2),
      request(7, 3), lookup(7, 3, 2), query(8, 'A', client.ipv4), error(9, 3),
    ],
    topology,
  );
  expect(findings).toMatchObject({
    requests: { sent: 3, ok: 2, failed: 1 },
    perBackend: { 'backend-1': 2, 'backend-2': 0, 'backend-3': 0 },
    connections: { opened: 1, reused: 1 },
    dnsQueries: { A: 2, AAAA: 1 },
    reResolutions: 1,
    skew: { maxOverFair: 3 },
  });
});

test('a response belongs to the connection that its request used last, in both families', () => {
  const { perBackend } = findingsOf(
    [request(0, 1), connection(1, 1, '198.51.100.11', true), connection(2, 1, '2001:db8:1::13'), response(3, 1), request(4, 2), connection(5, 2, '192.0.2.1'), response(6, 2)],
    topology,
  );
  expect(perBackend).toEqual({ 'backend-1': 0, 'backend-2': 0, 'backend-3': 1 });
});

describe('recovery', () => {
  test('is the time from the first request after the fault to the first answer after that', () => {
    const events = [request(0, 1), response(1, 1), fault(10, 'fault:apply', 'backend-1'), request(20.5, 2), error(21, 2), request(30, 3), response(280.75, 3), request(300, 4), response(301, 4)];
    expect(findingsOf(events, topology).recoveryMs).toBe(260.25);
  });

  test('is null without a fault, and if no request was answered after the fault', () => {
    expect(findingsOf([request(0, 1), response(1, 1)], topology).recoveryMs).toBeNull();
    expect(findingsOf([fault(0, 'fault:apply', 'backend-1'), request(1, 1), error(2, 1)], topology).recoveryMs).toBeNull();
  });
});

describe('return', () => {
  const healed = [fault(0, 'fault:apply', 'backend-2'), fault(100, 'fault:heal', 'backend-2')];
  test('is the time from the heal to the first answer of the healed backend', () => {
    const events = [...healed, connection(110, 1, '198.51.100.11'), response(111, 1), connection(150, 2, '2001:db8:1::12'), response(151.5, 2)];
    expect(findingsOf(events, topology).returnMs).toBe(51.5);
  });

  test('is null if the client does not go back to the healed backend', () => {
    expect(findingsOf([...healed, connection(110, 1, '198.51.100.11'), response(111, 1)], topology).returnMs).toBeNull();
  });
});

describe('recovery, in words: from the first request after the fault to the response from which on all are answered', () => {
  const failed = (tMs: number, number: number): TimelineEvent => at(tMs, 'client:response', { request: number, status: 503, body: '' });
  const applied = fault(0, 'fault:apply', 'backend-1');
  const recoveryOf = (...events: TimelineEvent[]): number | null => findingsOf([applied, ...events], topology).recoveryMs;

  test('requests that overlap are paired with their own responses', () => {
    expect(recoveryOf(request(10, 1), request(12, 2), response(15, 2), response(4_990, 1))).toBe(4_980);
  });

  test('a client that is answered in between and then not has not recovered', () => {
    expect(recoveryOf(request(10, 1), error(20, 1), request(30, 2), response(33, 2), request(40, 3), error(50, 3), request(60, 4), response(63, 4))).toBe(53);
    expect(recoveryOf(request(10, 1), response(20, 1), request(30, 2), error(33, 2))).toBeNull();
  });

  test('an answer with a status of 500 or more is no recovery', () => {
    expect(recoveryOf(request(10, 1), failed(15, 1))).toBeNull();
    expect(recoveryOf(request(10, 1), failed(15, 1), request(20, 2), response(25, 2))).toBe(15);
  });

  test('it ends at the next fault', () => {
    expect(recoveryOf(request(10, 1), response(15, 1), fault(100, 'fault:apply', 'backend-2'), request(110, 2), error(120, 2))).toBe(5);
  });
});

describe('by request', () => {
  const sent = (tMs: number, line: string): TimelineEvent => at(tMs, 'wire:request', { address: '198.51.100.11', port: 8080, localPort: 1, family: 4, count: 1, line });
  const answered = (tMs: number): TimelineEvent => at(tMs, 'wire:response', { address: '198.51.100.11', port: 8080, localPort: 1, family: 4, count: 1, line: '' });
  const asked = (tMs: number, id: number): TimelineEvent => at(tMs, 'wire:dns-query', { id, name: 'web.lab.test', type: 'A', transport: 'udp', address: '', localPort: id });
  const syn = (tMs: number, localPort: number): TimelineEvent => at(tMs, 'wire:syn', { address: '198.51.100.11', port: 8080, localPort, family: 4 });

  test('what one request took, who answered it, and how often it was sent', () => {
    const { byRequest, repeated, statuses } = findingsOf(
      [
        at(0, 'client:request', { request: 1, method: 'POST', url: '' }), asked(1, 7), syn(2, 1), sent(3, 'POST / HTTP/1.1'), sent(5, 'POST / HTTP/1.1'), answered(6), response(7.5, 1),
        request(10, 2), error(20, 2),
      ],
      topology,
    );
    expect(byRequest).toEqual([
      { ms: 7.5, backend: 'backend-1', status: 200, error: null, lookups: 1, attempts: 1, sent: 2 },
      { ms: 10, backend: null, status: null, error: 'ECONNREFUSED', lookups: 0, attempts: 0, sent: 0 },
    ]);
    expect(repeated).toEqual({ GET: 0, PUT: 0, POST: 1 });
    expect(statuses).toEqual({ 200: 1 });
  });

  test('what cannot be told apart between two requests at the same time is null', () => {
    const { byRequest } = findingsOf([request(0, 1), request(1, 2), sent(2, 'GET / HTTP/1.1'), response(3, 1), response(4, 2), request(5, 3), sent(6, 'GET / HTTP/1.1')], topology);
    expect(byRequest.map((each) => each.sent)).toEqual([null, null, 1]);
    expect(byRequest[2]).toMatchObject({ ms: null, error: null });
  });
});

describe('delays lie within one dial', () => {
  const [one, other] = ['198.51.100.11', '198.51.100.12'];
  const syn = (tMs: number, address: string, localPort: number): TimelineEvent => at(tMs, 'wire:syn', { address, port: 8080, localPort, family: 4 });
  const synAck = (tMs: number, address: string, localPort: number): TimelineEvent => at(tMs, 'wire:syn-ack', { address, port: 8080, localPort, family: 4 });
  const rst = (tMs: number, address: string, localPort: number): TimelineEvent => at(tMs, 'wire:rst', { address, port: 8080, localPort, family: 4, sender: 'server' });

  test('a request that dials twice has the delay of its second dial', () => {
    const events = [request(0, 1), syn(1, one, 1), synAck(1.1, one, 1), syn(52, one, 2), rst(52.1, one, 2), syn(52.8, other, 3), synAck(52.9, other, 3), response(60, 1)];
    expect(findingsOf(events, topology)).toMatchObject({ nextAddressDelayMs: 0.8, attempts: [{ dial: 1 }, { dial: 2 }, { dial: 2 }] });
  });

  test('without a trace, dials at the same time have no delays', () => {
    const events = [request(0, 1), request(0.5, 2), syn(1, one, 1), syn(14.3, other, 2), synAck(15, one, 1), synAck(16, other, 2), response(20, 1), response(21, 2)];
    expect(findingsOf(events, topology).nextAddressDelayMs).toBeNull();
  });
});

describe('a neighbour that does not answer', () => {
  const address = '198.51.100.11';
  const who = (tMs: number): TimelineEvent => at(tMs, 'wire:neighbour-solicitation', { address, family: 4 });
  const here = (tMs: number): TimelineEvent => at(tMs, 'wire:neighbour-answer', { address, family: 4 });
  const syn = (tMs: number): TimelineEvent => at(tMs, 'wire:syn', { address, port: 8080, localPort: 1, family: 4 });
  const synAck = (tMs: number): TimelineEvent => at(tMs, 'wire:syn-ack', { address, port: 8080, localPort: 1, family: 4 });
  const attempts = (...events: TimelineEvent[]): unknown[] => findingsOf(events, topology).attempts.map(({ startMs, outcome, synCount, dial }) => [startMs, outcome, synCount, dial]);

  test('is an attempt without a SYN, and a later SYN is another attempt', () => {
    expect(attempts(request(0, 1), who(1), who(1_025), who(2_049), error(3_100, 1), request(4_000, 2), who(4_001), here(4_001.1), syn(4_001.2), synAck(4_001.3))).toEqual([
      [1, 'silent', 0, 1],
      [4_001.2, 'connected', 1, 2],
    ]);
  });

  test('is asked for three times: a fourth question belongs to another attempt, also soon after the third', () => {
    expect(attempts(request(0, 1), who(1), who(1_025), who(2_049), error(2_500, 1), request(3_200, 2), who(3_314), here(3_314.1), syn(3_314.2), synAck(3_314.3))).toEqual([
      [1, 'silent', 0, 1],
      [3_314.2, 'connected', 1, 2],
    ]);
  });

  test('that answers in the end lets the SYN go that waited for it', () => {
    expect(attempts(request(0, 1), who(1), who(1_025), here(2_049.2), syn(2_049.3), synAck(2_049.4))).toEqual([[1, 'connected', 1, 1]]);
  });
});

test('a request that no caller asked for is no repetition', () => {
  const sent = (tMs: number, line: string): TimelineEvent => at(tMs, 'wire:request', { address: '198.51.100.11', port: 8080, localPort: 1, family: 4, count: 1, line });
  const get = at(0, 'client:request', { request: 1, method: 'GET', url: 'http://web.lab.test:8080/' });
  expect(findingsOf([get, sent(1, 'GET / HTTP/1.1'), sent(2, 'GET /favicon.ico HTTP/1.1')], topology)).toMatchObject({ requestsOnWire: 2, repeated: { GET: 0 } });
});

test('a POST that never left does not hide that another POST was repeated, and requests at the same time are counted together', () => {
  const post = (tMs: number, number: number): TimelineEvent => at(tMs, 'client:request', { request: number, method: 'POST', url: 'http://web.lab.test:8080/' });
  const sent = (tMs: number): TimelineEvent => at(tMs, 'wire:request', { address: '198.51.100.11', port: 8080, localPort: 1, family: 4, count: 1, line: 'POST / HTTP/1.1' });
  const repeatedOf = (...events: TimelineEvent[]): unknown => findingsOf(events, topology).repeated;
  expect(repeatedOf(post(0, 1), error(1, 1), post(10, 2), sent(11), sent(12), response(13, 2), post(20, 3), error(21, 3))).toEqual({ GET: 0, PUT: 0, POST: 1 });
  expect(repeatedOf(post(0, 1), post(1, 2), sent(2), sent(3), error(4, 1), response(5, 2))).toEqual({ GET: 0, PUT: 0, POST: 0 });
  expect(repeatedOf(post(0, 1), sent(2), error(4, 1), sent(5), post(10, 2), sent(11), response(12, 2))).toEqual({ GET: 0, PUT: 0, POST: 1 });
});

describe('the status of a response that the client does not tell', () => {
  const untold = (tMs: number, number: number): TimelineEvent => at(tMs, 'client:response', { request: number, body: '' });
  const onWire = (tMs: number, line: string): TimelineEvent => at(tMs, 'wire:response', { address: '198.51.100.11', port: 8080, localPort: 1, family: 4, count: 1, line });
  const applied = fault(0, 'fault:apply', 'backend-1');

  test('comes from the packets, and a 503 is no recovery for such a client either', () => {
    const events = [applied, request(10, 1), onWire(14, 'HTTP/1.1 503 Service Unavailable'), untold(15, 1)];
    expect(findingsOf(events, topology)).toMatchObject({ recoveryMs: null, statuses: { 503: 1 }, byRequest: [{ status: 503 }] });
    expect(findingsOf([...events, request(20, 2), onWire(24, 'HTTP/1.1 200 OK'), untold(25, 2)], topology)).toMatchObject({ recoveryMs: 15, statuses: { 503: 1, 200: 1 } });
  });

  test('is that of the last response to the request', () => {
    const events = [onWire(1, 'HTTP/1.1 500 X'), request(10, 1), onWire(12, 'HTTP/1.1 302 Found'), onWire(14, 'HTTP/1.1 404 Not Found'), untold(15, 1), onWire(16, 'HTTP/1.1 500 X')];
    expect(findingsOf(events, topology).statuses).toEqual({ 404: 1 });
  });

  test('is not known if the response may belong to another request, or if no status line was seen', () => {
    const both = findingsOf([applied, request(10, 1), request(11, 2), onWire(13, 'HTTP/1.1 503 X'), onWire(14, 'HTTP/1.1 200 OK'), untold(15, 1), untold(16, 2)], topology);
    expect(both).toMatchObject({ statuses: { unknown: 2 }, byRequest: [{ status: null }, { status: null }] });
    const favicon = at(11, 'wire:request', { address: '198.51.100.11', port: 8080, localPort: 1, family: 4, count: 2, line: 'GET /favicon.ico HTTP/1.1' });
    expect(findingsOf([request(10, 1), favicon, onWire(13, 'HTTP/1.1 200 OK'), untold(15, 1)], topology).statuses).toEqual({ unknown: 1 });
    expect(findingsOf([request(0, 1), untold(1, 1)], topology).statuses).toEqual({ unknown: 1 });
    expect(findingsOf([request(0, 1), onWire(1, 'nonsense'), untold(2, 1)], topology).statuses).toEqual({ unknown: 1 });
  });
});

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
    perBackend: { 'backend-1': 0, 'backend-2': 0, 'backend-3': 0 },
    connections: { opened: 0, reused: 0 },
    dnsQueries: { A: 0, AAAA: 0 },
    queryOrder: null,
    attempts: [],
    addressesTried: [],
    attemptsKept: null,
    fallbackDelayMs: null,
    nextAddressDelayMs: null,
    resolutionDelayMs: null,
    requestsOnWire: null,
    retransmissions: null,
    reResolutions: 0,
    recoveryMs: null,
    returnMs: null,
    skew: { maxOverFair: null, chi2p: null },
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

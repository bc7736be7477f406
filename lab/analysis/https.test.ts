import { expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { statusIn } from './by-request.ts';
import { httpsFindings } from './https.ts';
import { attemptsOnWire } from './wire-attempts.ts';

const at = <Name extends EventName>(tMs: number, event: Name, localPort: number, payload: Omit<Payload<Name>, 'address' | 'port' | 'localPort' | 'family'>): TimelineEvent =>
  ({ tMs, witness: event.split(':')[0], host: 'client', event, address: '198.51.100.11', port: 8443, localPort, family: 4, ...payload }) as unknown as TimelineEvent;
const syn = (tMs: number, localPort: number): TimelineEvent => at(tMs, 'wire:syn', localPort, {});
const done = (tMs: number, localPort: number, ms: number, payload: { alpn?: string; resumed?: boolean } = {}): TimelineEvent => at(tMs, 'wire:tls-done', localPort, { ms, version: 'TLS 1.3', resumed: false, ...payload });
const request = (tMs: number, localPort: number, count: number): TimelineEvent => at(tMs, 'wire:request', localPort, { count, line: 'GET / HTTP/2' });

test('handshakes are counted, and the first one is measured', () => {
  expect(httpsFindings([syn(0, 1), done(5, 1, 4.5), done(9, 2, 2, { resumed: true }), done(12, 3, 2)])).toEqual({ tlsHandshakes: 3, resumed: 1, handshakeMs: 4.5, streamsPerConnection: [] });
  expect(httpsFindings([syn(0, 1)])).toEqual({ tlsHandshakes: 0, resumed: 0, handshakeMs: null, streamsPerConnection: [] });
  expect(httpsFindings([])).toEqual({ tlsHandshakes: null, resumed: null, handshakeMs: null, streamsPerConnection: [] });
});

test('HTTP/2 connections stand in the order in which they connected, also those without a request and those on a port that was used before', () => {
  const h2 = { alpn: 'h2' };
  expect(httpsFindings([
    syn(0, 1), syn(1, 2), done(2, 2, 1, h2), request(3, 2, 1), request(3, 2, 2), done(4, 1, 4, h2), request(5, 1, 1), request(5, 2, 3),
    // HTTP/1.1.
    syn(6, 3), done(7, 3, 1, { alpn: 'http/1.1' }), request(8, 3, 1),
    syn(9, 2), at(10, 'wire:h2-settings', 2, { sender: 'client', ack: false, settings: [] }),
  ]).streamsPerConnection).toEqual([1, 3, 0]);
});

test('a connection that the client resets in the middle of its handshake is no attempt that it gave up', () => {
  const hello = at(2, 'wire:client-hello', 1, { alpn: [], versions: [], resumes: false, bytes: 1_589 });
  const reset = at(3, 'wire:rst', 1, { sender: 'client' });
  const outcomes = (...events: TimelineEvent[]): string[] => attemptsOnWire(events, createTopology()).map(({ outcome }) => outcome);
  expect(outcomes(syn(0, 1), at(1, 'wire:syn-ack', 1, {}), hello, reset)).toEqual(['connected']);
  expect(outcomes(syn(0, 1), at(1, 'wire:syn-ack', 1, {}), reset)).toEqual(['aborted']);
});

test('a response of HTTP/2 has a status', () => {
  expect(['HTTP/2 404', 'HTTP/1.1 200 OK', 'HTTP/2 abc', 'HTTP/3 200'].map(statusIn)).toEqual([404, 200, null, null]);
});

import { expect, test } from 'vitest';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { capturedAttempts, capturedFindings, eventsAbout, wholeFindings } from './captured.ts';

const wire = { host: 'client', witness: 'wire' } as const;
const answer = (tMs: number, name: string, type: 'A' | 'AAAA', ...addresses: string[]): TimelineEvent => ({ ...wire, tMs, event: 'wire:dns-response', id: 1, name, type, transport: 'udp', address: '192.0.2.53', localPort: 4_000, rcode: 'NOERROR', addresses, truncated: false });
const syn = (tMs: number, address: string, localPort: number, port = 443): TimelineEvent => ({ ...wire, tMs, event: 'wire:syn', address, port, localPort, family: address.includes(':') ? 6 : 4 });
const synAck = (tMs: number, address: string, localPort: number): TimelineEvent => ({ ...wire, tMs, event: 'wire:syn-ack', address, port: 443, localPort, family: 4 });

/** a.test falls back from IPv6 to IPv4, while b.test connects at once. */
const events = [
  answer(0, 'a.test', 'AAAA', '2001:db8::a'), answer(0, 'a.test', 'A', '192.0.2.10'), answer(0, 'B.test', 'A', '192.0.2.20'),
  syn(10, '2001:db8::a', 1), syn(20, '192.0.2.20', 2), synAck(21, '192.0.2.20', 2), syn(260, '192.0.2.10', 3), synAck(261, '192.0.2.10', 3),
];

test('dials to several names at the same time are not mixed', () => {
  expect(wholeFindings(events)).toMatchObject({ fallbackDelayMs: 250, outcomes: { silent: 1, connected: 2 } });
  expect(capturedAttempts(events).map(({ address, endMs, dial }) => [address, endMs, dial])).toEqual([['2001:db8::a', 260, 1], ['192.0.2.20', 21, 2], ['192.0.2.10', 261, 1]]);
  expect(capturedFindings(events).map(({ name, fallbackDelayMs }) => [name, fallbackDelayMs])).toEqual([['a.test', 250], ['b.test', null]]);
});

test('what is about one name: its answers, and the packets to its addresses', () => {
  expect(eventsAbout(events, 'b.TEST')).toEqual([events[2], events[4], events[5]]);
  expect(eventsAbout(events, '192.0.2.20')).toEqual([]);
});

test('a server at the address of the DNS server is a server, and a question over TCP is no connection to it', () => {
  const question = { ...wire, tMs: 0, event: 'wire:dns-query', id: 1, name: 'a.test', type: 'A', transport: 'tcp', address: '192.0.2.53', localPort: 4_000 } as const satisfies TimelineEvent;
  const again = { ...wire, tMs: 1, event: 'wire:data-retransmission', address: '192.0.2.53', port: 53, localPort: 4_001, family: 4, sender: 'client', bytes: 30 } as const satisfies TimelineEvent;
  const found = capturedFindings([question, syn(1, '192.0.2.53', 4_001, 53), again, syn(2, '192.0.2.53', 4_002)]);
  expect(found.map(({ name, attempts, retransmissions }) => [name, attempts.length, retransmissions.data])).toEqual([['a.test', 0, 0], ['192.0.2.53', 1, 0]]);
});

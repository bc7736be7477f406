/** The judge of the scenario tests is judged here: each of its comparisons must be seen to differ, and agreeing witnesses give nothing. */
import { describe, expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { disagreements, type Comparison } from './witnesses.ts';

const topology = createTopology();
const { client, dns, observer, 'backend-1': one, 'backend-2': two } = topology.hosts;
const port = 8080;

const at = <Name extends EventName>(tMs: number, event: Name, payload: Payload<Name>): TimelineEvent => ({ tMs, witness: event.split(':')[0], host: 'client', event, ...payload }) as unknown as TimelineEvent;
const endsOf = (address: string): { address: string; port: number; family: number } => ({ address, port, family: address.includes(':') ? 6 : 4 });

const asked = (tMs: number, request: number): TimelineEvent => at(tMs, 'client:request', { request, method: 'GET', url: '' });
const start = (tMs: number, request: number, address: string): TimelineEvent => at(tMs, 'client:connect-start', { request, connection: request, ...endsOf(address) });
const done = (tMs: number, request: number, address: string, localPort: number): TimelineEvent => at(tMs, 'client:connect-done', { request, connection: request, ...endsOf(address), localPort });
const refused = (tMs: number, request: number, address: string): TimelineEvent => at(tMs, 'client:connect-failed', { request, connection: request, ...endsOf(address), error: 'ECONNREFUSED' });
const givenUp = (tMs: number, request: number, address: string): TimelineEvent => at(tMs, 'client:connect-timeout', { request, connection: request, ...endsOf(address) });
const lookupStart = (tMs: number, request: number): TimelineEvent => at(tMs, 'client:dns-start', { request, lookup: request, name: 'web.lab.test', family: 0, resolver: 'lookup' });

const packet = (tMs: number, event: 'wire:syn' | 'wire:syn-ack', address: string, localPort: number): TimelineEvent => at(tMs, event, { ...endsOf(address), localPort });
const ending = (tMs: number, event: 'wire:rst' | 'wire:fin', address: string, localPort: number, sender: 'client' | 'server'): TimelineEvent => at(tMs, event, { ...endsOf(address), localPort, sender });

/** Two queries and their answers, on the wire and in the log of the DNS server. */
function queries(tMs: number, request: number, from: string): TimelineEvent[] {
  return ['A', 'AAAA'].flatMap((type, index) => {
    const about = { id: request * 10 + index, name: 'web.lab.test', type, transport: 'udp' };
    const answer = { rcode: 'NOERROR', addresses: [type === 'A' ? one.ipv4 : one.ipv6], truncated: false };
    return [
      at(tMs + 0.1, 'wire:dns-query', { ...about, address: dns.ipv4, localPort: 5000 }),
      at(tMs + 0.2, 'dns:query', { ...about, from, fromPort: 5000 }),
      at(tMs + 0.3, 'dns:answer', { ...about, from, fromPort: 5000, ...answer }),
      at(tMs + 0.4, 'wire:dns-response', { ...about, address: dns.ipv4, localPort: 5000, ...answer }),
    ];
  });
}

const tls = { version: 'TLS 1.3', alpn: 'h2', resumed: false };
const secured = (tMs: number, request: number, address: string): TimelineEvent => at(tMs, 'client:tls-done', { request, connection: request, address, cipher: '', issuer: '', ...tls });
const atWire = (tMs: number, address: string, localPort: number): TimelineEvent => at(tMs, 'wire:tls-done', { ...endsOf(address), localPort, ms: 1, ...tls });

/** A request on a connection, and its response. `count` is the number of the request on this connection. */
function exchange(tMs: number, request: number, address: string, localPort: number, count = 1): TimelineEvent[] {
  const ends = { ...endsOf(address), localPort, count };
  return [
    at(tMs, 'client:connection', { request, connection: localPort, reused: count > 1, address, port }),
    at(tMs + 0.1, 'wire:request', { ...ends, line: 'GET / HTTP/1.1' }),
    at(tMs + 0.2, 'wire:response', { ...ends, line: 'HTTP/1.1 200 OK' }),
    at(tMs + 0.3, 'client:response', { request, status: 200, body: '' }),
  ];
}

const inOrder = (...events: TimelineEvent[]): TimelineEvent[] => events.toSorted((a, b) => a.tMs - b.tMs);

/**
 * A run that has everything that is compared. Request 1: IPv6 is silent, IPv4 connects. Request 2 reuses the connection. Request 4 is refused.
 * A fault ends the connection. Request 3: the first address refuses, the next one connects.
 */
const agreeing = inOrder(
  asked(0, 1), lookupStart(1, 1), ...queries(1, 1, client.ipv4), at(1.5, 'client:dns-done', { request: 1, lookup: 1, addresses: [], coalesced: false }),
  start(2, 1, one.ipv6), packet(2.1, 'wire:syn', one.ipv6, 60_001), givenUp(252, 1, one.ipv6),
  start(252.1, 1, one.ipv4), packet(252.2, 'wire:syn', one.ipv4, 60_002), packet(252.3, 'wire:syn-ack', one.ipv4, 60_002), done(252.4, 1, one.ipv4, 60_002),
  secured(252.5, 1, one.ipv4), atWire(252.5, one.ipv4, 60_002), ...exchange(253, 1, one.ipv4, 60_002),
  asked(300, 2), ...exchange(301, 2, one.ipv4, 60_002, 2),
  asked(350, 4), start(351, 4, two.ipv6), packet(351.1, 'wire:syn', two.ipv6, 60_005), ending(351.2, 'wire:rst', two.ipv6, 60_005, 'server'), refused(351.3, 4, two.ipv6),
  at(400, 'fault:apply', { fault: 'kill', options: '' }), ending(401, 'wire:fin', one.ipv4, 60_002, 'server'), ending(401.1, 'wire:fin', one.ipv4, 60_002, 'client'),
  asked(500, 3), lookupStart(501, 3), ...queries(501, 3, client.ipv6), at(501.5, 'client:dns-done', { request: 3, lookup: 3, addresses: [], coalesced: false }),
  start(502, 3, one.ipv4), packet(502.1, 'wire:syn', one.ipv4, 60_003), ending(502.2, 'wire:rst', one.ipv4, 60_003, 'server'), refused(502.3, 3, one.ipv4),
  start(603, 3, two.ipv4), packet(603.1, 'wire:syn', two.ipv4, 60_004), packet(603.2, 'wire:syn-ack', two.ipv4, 60_004), done(603.3, 3, two.ipv4, 60_004),
  ...exchange(604, 3, two.ipv4, 60_004),
);

/** Events of these names, with these values. */
const those = (names: EventName | readonly EventName[], values: Record<string, unknown> = {}) => (event: TimelineEvent): boolean =>
  [names].flat().includes(event.event) && Object.entries(values).every(([field, value]) => (event as unknown as Record<string, unknown>)[field] === value);

/** The run with other values in the events that `which` accepts. */
function changed(which: (event: TimelineEvent) => boolean, change: (event: TimelineEvent) => object): TimelineEvent[] {
  expect(agreeing.some(which), 'an event to change').toBe(true);
  return inOrder(...agreeing.map((event) => (which(event) ? ({ ...event, ...change(event) }) : event)));
}
/** The run without the first event that `which` accepts. */
function without(which: (event: TimelineEvent) => boolean): TimelineEvent[] {
  const first = agreeing.find(which);
  expect(first, 'an event to leave out').toBeDefined();
  return agreeing.filter((event) => event !== first);
}
const moved = (which: (event: TimelineEvent) => boolean, ms: number): TimelineEvent[] => changed(which, ({ tMs }) => ({ tMs: tMs + ms }));

/** Describes the attempts of the run: those of dial 1 and of dial 3 in IPv4, that of dial 1 in IPv6, and that of dial 2. */
function list({ connected = `${one.ipv4} connected from 60002`, next = `${two.ipv4} connected from 60004`, silent = `${one.ipv6} unanswered`, alone = `${two.ipv6} refused` } = {}): string {
  return [connected, `${one.ipv4} refused`, next, silent, alone].filter(Boolean).sort().join(', ');
}

/** A message that belongs to no lookup of its own. */
const overTcp = { id: 1, name: 'web.lab.test', type: 'A', transport: 'tcp', localPort: 5000 };

/** For each comparison: a change of the run, and the two sides of the difference, in the program's words and in the packets'. */
const cases: Record<Comparison, [title: string, events: () => TimelineEvent[], program: string, packets: string][]> = {
  'attempts, by address and outcome': [
    ['the trace does not say that an attempt connected', () => without(those('client:connect-done')), list({ connected: `${one.ipv4} unanswered` }), list()],
    ['the trace names another source port', () => changed(those('client:connect-done', { localPort: 60_002 }), () => ({ localPort: 60_009 })), list({ connected: `${one.ipv4} connected from 60009` }), list()],
    ['the trace does not know an attempt', () => without(those('client:connect-start', { request: 4 })), list({ alone: '' }), list()],
    ['no SYN-ACK', () => without(those('wire:syn-ack', { address: two.ipv4 })), list(), list({ next: `${two.ipv4} unanswered` })],
    ['no RST', () => without(those('wire:rst')), list(), list({ alone: `${two.ipv6} unanswered` })],
    ['no SYN', () => without(those('wire:syn', { localPort: 60_005 })), list(), list({ alone: '' })],
  ],
  'requests on a reused connection': [
    ['the trace calls the connection new', () => changed(those('client:connection', { reused: true }), () => ({ reused: false })), '0', '1'],
    ['the packets show a second request on it', () => changed(those('wire:request', { localPort: 60_004 }), () => ({ count: 2 })), '1', '2'],
  ],
  lookups: [
    ['a lookup without queries', () => inOrder(...agreeing, lookupStart(500.5, 4)), '3', '2'],
    ['queries without a lookup', () => without(those('client:dns-start')), '1', '2'],
    ['a lookup that shared the answer of another one has sent queries', () => changed(those('client:dns-done', { lookup: 1 }), () => ({ coalesced: true })), '1', '2'],
  ],
  'queries at the DNS server': [
    ['a query that the server does not know', () => without(those('dns:query')), '3', '4'],
    ['a query that was not on the wire', () => without(those('wire:dns-query')), '4', '3'],
  ],
  'questions at the resolver': [
    ['a question that was not on the wire', () => [...agreeing, at(999, 'resolver:query', { name: 'web.lab.test', type: 'A', from: client.ipv4 })], '1', '0'],
    ['a question that the resolver does not know', () => [...agreeing, at(999, 'wire:dns-query', { ...overTcp, address: topology.hosts.resolver.ipv4 })], '0', '1'],
  ],
  requests: [
    ['a request without a connection', () => without(those('client:connection', { request: 3 })), '2', '3'],
    ['a request that was not on the wire', () => without(those('wire:request', { localPort: 60_004 })), '3', '2'],
  ],
  'TLS handshakes': [
    ['the packets do not show it', () => without(those('wire:tls-done')), `${one.ipv4} TLS 1.3 h2`, ''],
    ['the program says that it has resumed a session', () => changed(those('client:tls-done'), () => ({ resumed: true })), `${one.ipv4} TLS 1.3 h2 resumed`, `${one.ipv4} TLS 1.3 h2`],
    ['the program does not know of it', () => without(those('client:tls-done')), '', `${one.ipv4} TLS 1.3 h2`],
  ],
  'answers of the DNS server': [
    ['an answer that the server did not send', () => without(those('dns:answer')), '3', '4'],
    ['an answer that was not on the wire', () => without(those('wire:dns-response')), '4', '3'],
  ],
  'answers of the resolver': [
    ['an answer that was not on the wire', () => [...agreeing, at(999, 'resolver:answer', { name: 'web.lab.test', type: 'A', source: 'cache' })], '1', '0'],
    ['an answer that the resolver did not send', () => [...agreeing, at(999, 'wire:dns-response', { ...overTcp, address: topology.hosts.resolver.ipv4, rcode: 'NOERROR', addresses: [], truncated: false })], '0', '1'],
  ],
  'fallback delay': [
    ['the trace is 60.1 ms longer', () => moved(those('client:connect-start', { address: one.ipv6 }), -60.1), '310.2 ms', '250.1 ms'],
    ['the packets are 60.1 ms shorter', () => moved(those('wire:syn', { address: one.ipv6 }), 60.1), '250.1 ms', '190 ms'],
    ['two dials in the trace', () => changed(those(['client:connect-start', 'client:connect-timeout'], { address: one.ipv6 }), () => ({ connection: 9 })), 'none ms', '250.1 ms'],
  ],
  recovery: [
    ['no response on the wire', () => without(those('wire:response', { localPort: 60_004 })), '104.3 ms', 'none ms'],
    ['the caller waited a second longer than the packets', () => moved(those('client:response', { request: 3 }), 999), '1103.3 ms', '103.1 ms'],
  ],
  'next address delay': [
    ['the trace is 60.1 ms longer', () => moved(those(['client:connect-start', 'client:connect-done'], { address: two.ipv4 }), 60.1), '161.1 ms', '101 ms'],
    ['the packets are 60.1 ms shorter', () => moved(those(['wire:syn', 'wire:rst'], { localPort: 60_003 }), 60.1), '101 ms', '40.9 ms'],
    ['two dials on the wire', () => moved(those('wire:syn', { localPort: 60_003 }), -2), '101 ms', 'none ms'],
  ],
};

test('agreeing witnesses give nothing', () => {
  expect(disagreements(agreeing, topology)).toEqual([]);
  expect(disagreements([], topology)).toEqual([]);
});

describe.for(Object.entries(cases))('%s', ([comparison, changes]) => {
  test.for(changes)('%s', ([, events, program, packets]) => {
    expect(disagreements(events(), comparison.includes('resolver') ? createTopology({ resolver: 'unbound' }) : topology)).toEqual([`${comparison}: ${program} according to the program, ${packets} according to the packets`]);
  });
});

describe('what is no difference', () => {
  test.for<[string, () => TimelineEvent[]]>([
    ['a fallback delay that the program tells 59.9 ms longer', () => moved(those('client:connect-start', { address: one.ipv6 }), -59.9)],
    ['a next address delay that the packets show 59.9 ms shorter', () => moved(those(['wire:syn', 'wire:rst'], { localPort: 60_003 }), 59.9)],
    ['a caller that waited 999.2 ms longer than the packets', () => moved(those('client:response', { request: 3 }), 998)],
    ['an attempt at a loopback address: its packets are on another interface', () => inOrder(...agreeing, start(502, 3, '::1'), start(502, 3, '127.0.0.1'))],
    ['a lookup of localhost, which libc answers itself', () => inOrder(...agreeing, at(500, 'client:dns-start', { request: 3, lookup: 4, name: 'localhost', family: 0, resolver: 'lookup' }))],
    ['a lookup that shares the answer of another one', () => inOrder(...agreeing, lookupStart(500, 4), at(501.5, 'client:dns-done', { request: 3, lookup: 4, addresses: [], coalesced: true }))],
    ['a handshake that is complete in the packets, and of which the program has rejected the certificate', () => inOrder(...agreeing, atWire(604, two.ipv4, 60_004), at(605, 'client:tls-failed', { request: 3, connection: 3, address: two.ipv4, error: 'CERT_HAS_EXPIRED', causes: [] }))],
    ['queries of the observer', () => inOrder(...agreeing, ...queries(700, 7, observer.ipv4).filter(({ witness }) => witness === 'dns'))],
    ['a query and an answer of another name server', () => {
      const about = { id: 10, name: 'web.lab.test', type: 'A', transport: 'udp', address: '198.51.100.54', localPort: 5000 };
      return inOrder(...agreeing, at(1.05, 'wire:dns-query', about), at(1.06, 'wire:dns-response', { ...about, rcode: 'SERVFAIL', addresses: [], truncated: false }));
    }],
  ])('%s', ([, events]) => {
    expect(disagreements(events(), topology)).toEqual([]);
  });
});

describe('a SYN-ACK reaches the kernel in the moment in which the program gives the attempt up', () => {
  /** IPv6 connects, and the program closes the connection without a request. */
  const synAck = packet(251.9, 'wire:syn-ack', one.ipv6, 60_001);
  const fin = ending(252.05, 'wire:fin', one.ipv6, 60_001, 'client');
  const used = `attempts, by address and outcome: ${list()} according to the program, ${list({ silent: `${one.ipv6} connected from 60001` })} according to the packets`;

  test('the trace says given up, the packets show an unused connection: both are true', () => {
    expect(disagreements(inOrder(...agreeing, synAck, fin), topology)).toEqual([]);
    // The FIN may also leave after the next SYN.
    expect(disagreements(inOrder(...agreeing, synAck, { ...fin, tMs: 252.25 }), topology)).toEqual([]);
  });

  test('the same, where the kernel gave the port also to the connection to the next address', () => {
    const onePort = inOrder(...agreeing, synAck, fin).map((event) => ('localPort' in event && event.localPort === 60_001 ? { ...event, localPort: 60_002 } : event));
    expect(disagreements(onePort, topology)).toEqual([]);
  });

  test('the same, where the time limit of the caller ended the dial', () => {
    const aborted = [asked(800, 5), start(801, 5, two.ipv6), packet(801.1, 'wire:syn', two.ipv6, 60_006), at(900, 'client:connect-failed', { request: 5, connection: 5, ...endsOf(two.ipv6), error: 'ABORTED' })];
    const unused = [packet(899.9, 'wire:syn-ack', two.ipv6, 60_006), ending(900.1, 'wire:fin', two.ipv6, 60_006, 'client')];
    const retried = [start(901, 5, two.ipv4), packet(901.1, 'wire:syn', two.ipv4, 60_007)].map((event) => ('connection' in event ? { ...event, connection: 6 } : event));
    expect(disagreements([...agreeing, ...aborted, ...retried].filter(({ event }) => event !== 'fault:apply'), topology)).toEqual([]);
    expect(disagreements(inOrder(...agreeing, ...aborted, ...unused, ...retried).filter(({ event }) => event !== 'fault:apply'), topology)).toEqual([]);
  });

  test('the trace does not say how the attempt ended: they differ', () => {
    expect(disagreements(inOrder(...without(those('client:connect-timeout')), synAck, fin), topology)).toContain(used);
  });

  test('the connection carried a request, or stayed open: they differ', () => {
    const request = at(252, 'wire:request', { ...endsOf(one.ipv6), localPort: 60_001, count: 1, line: 'GET / HTTP/1.1' });
    expect(disagreements(inOrder(...agreeing, synAck, request, fin), topology)).toContain(used);
    expect(disagreements(inOrder(...agreeing, synAck), topology)).toContain(used);
  });
});

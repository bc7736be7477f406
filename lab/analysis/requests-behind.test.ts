/** Which requests a failed expectation names. The events are those of five requests under a fault, after one that was answered. */
import { expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { checkExpectation, parseExpectation } from './expectations.ts';
import { findingsOf } from './findings.ts';

const topology = createTopology();
const at = <Name extends EventName>(tMs: number, event: Name, payload: Payload<Name>, host = 'client'): TimelineEvent => ({ tMs, witness: event.split(':')[0], host, event, ...payload }) as unknown as TimelineEvent;
const request = (tMs: number, number: number, method = 'GET'): TimelineEvent => at(tMs, 'client:request', { request: number, method, url: '' });
const response = (tMs: number, number: number, status?: number): TimelineEvent => at(tMs, 'client:response', { request: number, body: '', ...(status === undefined ? {} : { status }) });
const failed = (tMs: number, number: number, code = 'ECONNREFUSED'): TimelineEvent => at(tMs, 'client:error', { request: number, code, causes: [] });
const flow = (address: string, localPort: number) => ({ address, port: 8080, localPort, family: 4 });
const dial = (tMs: number, address: string, localPort: number): TimelineEvent[] => [at(tMs, 'wire:syn', flow(address, localPort)), at(tMs + 0.1, 'wire:syn-ack', flow(address, localPort))];
const refused = (tMs: number, address: string, localPort: number): TimelineEvent[] => [at(tMs, 'wire:syn', flow(address, localPort)), at(tMs + 0.1, 'wire:rst', { ...flow(address, localPort), sender: 'server' })];
const sent = (tMs: number, address: string, localPort: number, count: number, method = 'GET'): TimelineEvent => at(tMs, 'wire:request', { ...flow(address, localPort), count, line: `${method} / HTTP/1.1` });
const answered = (tMs: number, address: string, localPort: number, count: number, status: number): TimelineEvent => at(tMs, 'wire:response', { ...flow(address, localPort), count, line: `HTTP/1.1 ${status} X` });
const query = (tMs: number, id: number): TimelineEvent => at(tMs, 'wire:dns-query', { id, name: 'web.lab.test', type: 'A', transport: 'udp', address: '', localPort: id });
const [one, two] = ['198.51.100.11', '198.51.100.12'];

const events = [
  request(0, 1), query(1, 1), ...dial(2, one, 1), sent(3, one, 1, 1), answered(4, one, 1, 1, 200), response(5, 1),
  at(10, 'fault:apply', { fault: 'kill backend-1', options: '' }, 'backend-1'),
  request(20, 2), query(21, 2), ...refused(22, one, 2), ...refused(30, two, 3), failed(40, 2),
  request(50, 3, 'POST'), query(51, 3), ...dial(52, two, 4), sent(53, two, 4, 1, 'POST'), sent(54, two, 4, 2, 'POST'), answered(55, two, 4, 2, 503), response(56, 3),
  at(60, 'fault:heal', { fault: 'kill backend-1' }, 'backend-1'),
  request(70, 4), sent(71, two, 4, 3), answered(72, two, 4, 3, 200), response(73, 4, 200),
  request(80, 5), failed(90, 5, 'exit status 7: \u001b[31mcurl'),
];
const observed = (text: string, of: readonly TimelineEvent[] = events): string => {
  const { verdict, observed } = checkExpectation(parseExpectation(text), findingsOf(of, topology), of);
  expect(verdict).toBe('fail');
  return observed;
};

test.each([
  ['requests.failed==0', '2: #2 ECONNREFUSED, #5 exit status 7: \\x1b[31mcurl'],
  ['requests.ok==0', '3: #1 200 from backend-1, #3 503 from backend-2, #4 200 from backend-2'],
  ['requests.sent==0', '5: #1 200 from backend-1, #2 ECONNREFUSED, #3 503 from backend-2, #4 200 from backend-2, #5 exit status 7: \\x1b[31mcurl'],
  ['statuses.503==0', '1: #3 503 from backend-2'],
  ['perBackend.backend-1==0', '1: #1 200 from backend-1'],
  ['perBackend.backend-2==0', '2: #3 503 from backend-2, #4 200 from backend-2'],
  ['requestsOnWire==3', '4: #3 sent 2 times, #1 sent once, #4 sent once, #2 not sent, #5 not sent'],
  ['repeated.POST==0', '1: #3 sent 2 times'],
  ['recoveryMs!=null', 'recoveryMs is null (nothing to measure): #2 ECONNREFUSED, #3 503 from backend-2, #4 200 from backend-2, #5 exit status 7: \\x1b[31mcurl'],
  ['returnMs!=null', 'returnMs is null (nothing to measure): #4 200 from backend-2, #5 exit status 7: \\x1b[31mcurl'],
  ['byRequest.1.error==null', '"ECONNREFUSED": #2 ECONNREFUSED'],
  ['byRequest.2.sent==1', '2: #3 503 from backend-2'],
  ['byRequest.9.sent==1', 'there is no byRequest.9, byRequest.length is 5: #1 200 from backend-1, #2 ECONNREFUSED, #3 503 from backend-2, #4 200 from backend-2, #5 exit status 7: \\x1b[31mcurl'],
  ['attempts.length<4', `4: #1 ${one} connected, #2 ${one} refused, #2 ${two} refused, #3 ${two} connected`],
  ['attempts.1.outcome==connected', `"refused": #2 ${one} refused`],
  ['addressesTried.1==198.51.100.13', `"${two}": #2 ${two} refused, #3 ${two} connected`],
  ['perFamily.IPv4==0', `4: #1 ${one} connected, #2 ${one} refused, #2 ${two} refused, #3 ${two} connected`],
  ['perFamily.IPv6>0', '0'],
  ['connections.opened==1', `2: #1 ${one} connected, #3 ${two} connected`],
  ['connections.reused==0', `2: #3 ${two} connected, 3 requests`],
  ['nextAddressDelayMs<1', `8 ms: #2 ${one} at 22.0 ms, #2 ${two} at 30.0 ms`],
  ['fallbackDelayMs<300', `fallbackDelayMs is null (nothing to measure): #1 ${one} at 2.0 ms, #2 ${one} at 22.0 ms, #2 ${two} at 30.0 ms, #3 ${two} at 52.0 ms`],
  ['reResolutions==0', '2: #1 1 lookup, #2 1 lookup, #3 1 lookup'],
  ['skew.maxOverFair<1', '2: 1 from backend-1, 2 from backend-2, 0 from backend-3'],
  ['dnsQueries.A==1', '0: #1 1 lookup, #2 1 lookup, #3 1 lookup'],
  ['retransmissions.data>0', '0'],
])('%s', (text, expected) => {
  expect(observed(text)).toBe(expected);
});

test('a SYN that was sent again belongs to a request', () => {
  const again = [...events, request(100, 6), at(101, 'wire:syn', flow(one, 9)), at(1_125, 'wire:syn-retransmission', { ...flow(one, 9), count: 2 })];
  expect(observed('retransmissions.syn==0', again)).toBe(`1: #6 ${one} silent, 2 SYNs`);
});

test('a repeated POST is not a repeated GET', () => {
  const twice = [...events, request(100, 6), ...dial(101, one, 9), sent(102, one, 9, 1), sent(103, one, 9, 2), failed(110, 6)];
  expect(observed('repeated.POST==0', twice)).toBe('1: #3 sent 2 times');
  expect(observed('repeated.GET==0', twice)).toBe('1: #6 sent 2 times');
});

test('only a few requests are named, and the others are counted', () => {
  const many = Array.from({ length: 12 }, (_, index) => [request(index * 10, index + 1), failed(index * 10 + 1, index + 1)]).flat();
  expect(observed('requests.failed==0', many)).toBe('12: #1 ECONNREFUSED, #2 ECONNREFUSED, #3 ECONNREFUSED, #4 ECONNREFUSED, #5 ECONNREFUSED, and 7 more');
});

test('a long error is cut', () => {
  expect(observed('requests.failed==0', [request(0, 1), failed(1, 1, 'x'.repeat(5_000))])).toBe(`1: #1 ${'x'.repeat(80)}…`);
});

test('the number of a request is the one of the story, although another client sent its request first', () => {
  expect(observed('requests.failed==0', [request(0, 2), request(1, 1), failed(2, 2), response(3, 1, 200)])).toBe('1: #2 ECONNREFUSED');
});

test('an expectation that holds shows its value only', () => {
  expect(checkExpectation(parseExpectation('requests.failed==2'), findingsOf(events, topology), events)).toMatchObject({ verdict: 'pass', observed: '2' });
});

import { expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from './events.ts';
import { startStory, type StoryLine } from './story.ts';
import { plainText } from './telling.ts';
import { createTopology } from './topology.ts';

const topology = createTopology();
const { observer, 'backend-1': backend } = topology.hosts;

function event<Name extends EventName>(tMs: number, name: Name, payload: Payload<Name>): TimelineEvent {
  return { tMs, witness: name.split(':')[0], host: 'client', event: name, ...payload } as unknown as TimelineEvent;
}
const request = (tMs: number, number = 1): TimelineEvent => event(tMs, 'client:request', { request: number, method: 'GET', url: 'http://web.lab.test/' });
const syn = (tMs: number): TimelineEvent => event(tMs, 'wire:syn', { address: backend.ipv4, port: 8080, localPort: 40_000, family: 4 });

/** Returns the lines of a story as text. A late event has an asterisk before it. */
function story(events: readonly TimelineEvent[], { verbose = false, late = [] as readonly TimelineEvent[] } = {}): string[] {
  const told = startStory(topology, verbose);
  const text = (line: StoryLine): string => (line.kind === 'event' ? `${line.isLate ? '*' : ''}${plainText(line.phrase)}` : line.kind === 'pause' ? `pause ${line.ms}` : `left out ${line.requests}`);
  return [...events.flatMap((each) => told.tell(each, late.includes(each))), ...told.end()].map(text);
}

test('the set-up, details and the observer’s traffic do not belong to the story; with `verbose` they do', () => {
  const events = [
    request(-5),
    request(1),
    event(2, 'client:request-sent', { request: 1 }),
    event(3, 'backend:request', { connection: 1, from: observer.ipv4, method: 'GET', path: '/', address: backend.ipv4 }),
  ];
  expect(story(events)).toEqual(['GET http://web.lab.test/ #1']);
  expect(story(events, { verbose: true })).toHaveLength(4);
});

test('packets that repeat the client’s own report are left out, and packets that no client knows of are shown', () => {
  const connect = event(1, 'client:connect-start', { request: 1, connection: 1, address: backend.ipv4, port: 8080, family: 4 });
  const again = event(3, 'wire:syn-retransmission', { address: backend.ipv4, port: 8080, localPort: 40_000, family: 4, count: 2 });
  expect(story([syn(1), syn(2)])).toHaveLength(2);
  expect(story([connect, syn(2), again])).toEqual([`connect ${backend.ipv4} #1`, `SYN 2 40000 → ${backend.ipv4}`]);
});

test('a pause is shown, and a late event makes no pause', () => {
  const late = syn(150);
  expect(story([syn(1), syn(91), syn(180), late, syn(200)], { late: [late] })).toEqual(['SYN', 'pause 90', 'SYN', 'SYN', '*SYN', 'SYN'].map((word) => word.replace('SYN', `SYN 40000 → ${backend.ipv4}`)));
});

test('the first requests of a series are shown and the others are counted; a fault begins a new series', () => {
  const series = (fromMs: number): TimelineEvent[] => Array.from({ length: 5 }, (_, index) => request(fromMs + index, index + 1));
  const heal = event(20, 'fault:heal', { fault: 'kill backend-1' });
  expect(story([...series(0), heal, ...series(30)]).map((line) => line.replace(/^GET \S+/, 'GET'))).toEqual(['GET #1', 'GET #2', 'GET #3', 'left out 2', 'heal kill backend-1', 'GET #1', 'GET #2', 'GET #3', 'left out 2']);
});

const answered = (tMs: number, number: number, status = 200): TimelineEvent => event(tMs, 'client:response', { request: number, status, body: 'Hello' });
const failed = (tMs: number, number: number): TimelineEvent => event(tMs, 'client:error', { request: number, code: 'ECONNRESET', causes: [] });
const synAgain = (tMs: number): TimelineEvent => event(tMs, 'wire:syn-retransmission', { address: backend.ipv4, port: 8080, localPort: 40_000, family: 4, count: 2 });
/** The lines of a story in short: `GET 4`, `200 4`, `error 4`. */
const short = (lines: readonly string[]): string[] =>
  lines.map((line) => line.replace(/^GET \S+ #/, 'GET ').replace(/^(\d+) Hello #/, '$1 ').replace(/^error reaches the caller: ECONNRESET #/, 'error ').replace(/^SYN 2 .*/, 'SYN again').replace(/^SYN (?!again).*/, 'SYN'));
const pairs = (numbers: readonly number[], end = answered): TimelineEvent[] => numbers.flatMap((number) => [request(number * 10, number), syn(number * 10 + 1), end(number * 10 + 5, number)]);
const firstThree = [1, 2, 3].flatMap((number) => [`GET ${number}`, 'SYN', `200 ${number}`]);

test('an error that reaches the caller is never left out, with the events of its request, however long the series is', () => {
  expect(short(story([...pairs([1, 2, 3, 4, 5]), ...pairs([6], failed), ...pairs([7]), ...pairs([8], failed), ...pairs([9, 10])]))).toEqual([
    ...firstThree, 'left out 2', 'GET 6', 'SYN', 'error 6', 'left out 1', 'GET 8', 'SYN', 'error 8', 'left out 2',
  ]);
  const many = Array.from({ length: 20 }, (_, index) => index + 1);
  expect(short(story(pairs(many, failed))).filter((line) => line.startsWith('error'))).toHaveLength(20);
});

test('a request that meets a failure for the first time is not like the others; the next one that meets it is', () => {
  const broken = (number: number): TimelineEvent[] => [request(number * 10, number), syn(number * 10 + 1), synAgain(number * 10 + 2), answered(number * 10 + 5, number)];
  expect(short(story([...pairs([1, 2, 3, 4]), ...broken(5), ...broken(6), ...pairs([7])]))).toEqual([...firstThree, 'left out 1', 'GET 5', 'SYN', 'SYN again', '200 5', 'left out 2']);
});

test('an error status is such a failure, too, and a fault begins anew', () => {
  const unavailable = (tMs: number, number: number): TimelineEvent => answered(tMs, number, 503);
  const heal = event(85, 'fault:heal', { fault: 'kill backend-1' });
  expect(short(story([...pairs([1, 2, 3, 4]), ...pairs([5, 6], unavailable), ...pairs([7]), heal, ...pairs([9, 10, 11]), ...pairs([12], unavailable)]))).toEqual([
    ...firstThree, 'left out 1', 'GET 5', 'SYN', '503 5', 'left out 2', 'heal kill backend-1', 'GET 9', 'SYN', '200 9', 'GET 10', 'SYN', '200 10', 'GET 11', 'SYN', '200 11', 'GET 12', 'SYN', '503 12',
  ]);
});

test('of requests that overlap, those that were answered are left out, and the one that failed is told', () => {
  const overlapping = [request(41, 4), request(42, 5), request(43, 6), answered(44, 4), answered(45, 6), failed(46, 5), request(47, 7), answered(48, 7)];
  expect(short(story([...pairs([1, 2, 3]), ...overlapping]))).toEqual([...firstThree, 'left out 2', 'GET 5', 'error 5', 'left out 1']);
});

test('an error after the end of its request is told: a reset of an idle connection', () => {
  const reset = event(200, 'wire:rst', { address: backend.ipv4, port: 8080, localPort: 40_000, family: 4, sender: 'server' });
  expect(short(story([...pairs([1, 2, 3, 4]), reset]))).toEqual([...firstThree, 'left out 1', 'pause 155', `RST ${backend.ipv4} → 40000`]);
});

const who = (tMs: number): TimelineEvent => event(tMs, 'wire:neighbour-solicitation', { address: backend.ipv4, family: 4 });
const here = (tMs: number): TimelineEvent => event(tMs, 'wire:neighbour-answer', { address: backend.ipv4, family: 4 });
const nobody = `who has ${backend.ipv4}? (ARP): nobody answers`;

test('an attempt at a host that has vanished is told, also if it sends nothing but ARP: each question that nobody answers', () => {
  expect(short(story([request(0), who(1), who(1_001), who(2_001), failed(3_001, 1)]))).toEqual(['GET 1', nobody, 'pause 1000', nobody, 'pause 1000', nobody, 'pause 1000', 'error 1']);
  expect(short(story([request(0), who(1), failed(200, 1)]))).toEqual(['GET 1', nobody, 'pause 199', 'error 1']);
});

test('so is one of a client that traces itself, whose trace does not know of ARP', () => {
  const connect = event(1, 'client:connect-start', { request: 1, connection: 1, address: backend.ipv4, port: 8080, family: 4 });
  expect(short(story([request(0), connect, who(2), failed(500, 1)]))).toEqual(['GET 1', `connect ${backend.ipv4} #1`, nobody, 'pause 498', 'error 1']);
});

test('a question that is answered is not told, and the events behind it keep their order', () => {
  expect(short(story([request(0), who(1), syn(1.5), here(2), answered(5, 1)]))).toEqual(['GET 1', 'SYN', '200 1']);
  expect(short(story([request(0), who(1), who(1_001), here(1_002), syn(1_003), answered(1_005, 1)]))).toEqual(['GET 1', nobody, 'pause 1002', 'SYN', '200 1']);
});

test('with `verbose` questions and answers are told as they come', () => {
  expect(story([who(1), here(2)], { verbose: true })).toEqual([`who has ${backend.ipv4}? (ARP)`, `${backend.ipv4} is here`]);
});

test('keep-alive probes, a window of 0 and ICMP are told of every client', () => {
  const connect = event(1, 'client:connect-start', { request: 1, connection: 1, address: backend.ipv4, port: 8080, family: 4 });
  const flow = { address: backend.ipv4, port: 8080, localPort: 40_000, family: 4 };
  const packets = [
    event(2, 'wire:keep-alive-probe', { ...flow, sender: 'client' }),
    event(3, 'wire:zero-window', { ...flow, sender: 'server' }),
    event(4, 'wire:icmp', { ...flow, sender: backend.ipv4, reason: 'fragmentation needed, MTU 1280' }),
    event(5, 'wire:unreachable', { ...flow, sender: backend.ipv4, reason: 'host unreachable' }),
  ];
  expect(story([connect, ...packets]).slice(1)).toEqual([
    `keep-alive probe 40000 → ${backend.ipv4}`,
    `window 0, takes no more data ${backend.ipv4} → 40000`,
    `ICMP fragmentation needed, MTU 1280: 40000 → ${backend.ipv4} (from ${backend.ipv4})`,
    `ICMP host unreachable: ${backend.ipv4} (from ${backend.ipv4})`,
  ]);
});

test('orderly ends of TLS and HTTP/2 are details, and other ends are not', () => {
  const flow = { address: backend.ipv4, port: 8443, localPort: 40_000, family: 4 };
  const ends = [
    event(1, 'wire:tls-alert', { ...flow, sender: 'server', level: 'warning', alert: 'close_notify' }),
    event(2, 'wire:tls-truncated', { ...flow, sender: 'client' }),
    event(3, 'wire:h2-goaway', { ...flow, sender: 'client', lastStream: 0, error: 'NO_ERROR' }),
    event(4, 'wire:tls-alert', { ...flow, sender: 'server', level: 'fatal', alert: 'handshake_failure' }),
    event(5, 'wire:tls-truncated', { ...flow, sender: 'server' }),
    event(6, 'wire:h2-goaway', { ...flow, sender: 'server', lastStream: 3, error: 'NO_ERROR' }),
    event(7, 'wire:h2-goaway', { ...flow, sender: 'client', lastStream: 0, error: 'PROTOCOL_ERROR' }),
  ];
  expect(story(ends)).toEqual([
    `TLS alert handshake_failure ${backend.ipv4} → 40000`,
    `no close_notify before FIN ${backend.ipv4} → 40000`,
    `GOAWAY NO_ERROR, last stream 3 ${backend.ipv4} → 40000`,
    `GOAWAY PROTOCOL_ERROR, last stream 0 40000 → ${backend.ipv4}`,
  ]);
  expect(story(ends, { verbose: true })).toHaveLength(ends.length);
});

import { expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from './events.ts';
import { phraseOf, plainText, startStory, type StoryLine } from './telling.ts';
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

test('the parts of a phrase have roles: address, request, error', () => {
  expect(phraseOf('client:connect-failed', { request: 2, connection: 1, address: backend.ipv4, port: 8080, family: 4, error: 'ECONNREFUSED' })).toEqual([
    { role: 'error', phrase: ['ECONNREFUSED'] }, ' ', { role: 'address', phrase: [backend.ipv4] }, ' ', { role: 'request', phrase: ['#2'] },
  ]);
  expect(plainText(phraseOf('client:response', { request: 1, status: 200, body: `Hello, World from ${backend.ipv6}` }))).toBe(`200 Hello, World from ${backend.ipv6} #1`);
});

test('control characters from the network are shown as escapes', () => {
  const { text } = { text: plainText(phraseOf('dns:query', { id: 1, name: '\u001b[31mred', type: 'A', transport: 'udp', from: backend.ipv4, fromPort: 1 })) };
  expect(text).toBe('A? \\x1b[31mred');
});

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

import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { nowMs, type EmittedEvent, type TimelineEvent } from '../vocabulary/events.ts';
import { Timeline } from './timeline.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'hrtime'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const query = (request: number, atMs = nowMs()): EmittedEvent => ({ event: 'client:request', request, method: 'GET', url: 'http://web.lab.test/', atMs });
const note = (text: string): ['client', 'lab:note', { text: string }] => ['client', 'lab:note', { text }];

test('zero is the start: earlier events have negative times, and all events are in order of time', () => {
  const timeline = new Timeline();
  const startMs = nowMs();
  vi.advanceTimersByTime(10);
  timeline.add(...note('setting up'));
  vi.advanceTimersByTime(15);
  timeline.start();
  expect(timeline.now()).toBe(0);
  vi.advanceTimersByTime(5);
  timeline.add(...note('late'));
  timeline.receive('client', query(1, startMs + 27.5));
  timeline.receive('client', query(0, startMs + 2.25));
  expect(timeline.events.map(({ tMs }) => tMs)).toEqual([-22.75, -15, 2.5, 5]);
});

test('an event knows its witness and host, and keeps its payload', () => {
  const timeline = new Timeline();
  timeline.receive('backend-1', { event: 'backend:stopping', connections: 2, atMs: nowMs() });
  timeline.add('backend-2', 'fault:heal', { fault: 'kill backend-2' });
  expect(timeline.events).toEqual([
    { tMs: 0, witness: 'backend', host: 'backend-1', event: 'backend:stopping', connections: 2 },
    { tMs: 0, witness: 'fault', host: 'backend-2', event: 'fault:heal', fault: 'kill backend-2' },
  ]);
});

test('times are whole microseconds', () => {
  const timeline = new Timeline();
  timeline.receive('client', query(1, nowMs() + 1.234_567_8));
  expect(timeline.events[0]?.tMs).toBe(1.235);
});

test('`events` is a copy: a later event is not in it', () => {
  const timeline = new Timeline();
  const before = timeline.events;
  timeline.add(...note('later'));
  expect(before).toEqual([]);
});

test('after the start, subscribers are called once for each event, in order of time, also if the events arrive in another order', () => {
  const timeline = new Timeline();
  const heard: number[] = [];
  timeline.subscribe((event) => heard.push(event.tMs));
  timeline.add(...note('setting up'));
  vi.advanceTimersByTime(500);
  expect(heard).toEqual([]);
  timeline.start();
  const startMs = nowMs();
  vi.advanceTimersByTime(3);
  timeline.receive('client', query(2, startMs + 3));
  timeline.receive('client', query(1, startMs + 1));
  vi.advanceTimersByTime(500);
  expect(heard).toEqual([-500, 1, 3]);
  timeline.flush();
  expect(heard).toEqual([-500, 1, 3]);
});

test('flush publishes the events that wait, each once', () => {
  const timeline = new Timeline();
  const heard: string[] = [];
  timeline.subscribe((event) => heard.push(event.event));
  timeline.start();
  timeline.add(...note('last'));
  expect(heard).toEqual([]);
  timeline.flush();
  expect(heard).toEqual(['lab:note']);
  vi.advanceTimersByTime(500);
  expect(heard).toEqual(['lab:note']);
});

test('waitFor sees past and coming events, and gives up at its limit', async () => {
  const timeline = new Timeline();
  timeline.add(...note('past'));
  const isNote = (text: string) => (event: TimelineEvent): boolean => event.event === 'lab:note' && event.text === text;
  expect(await timeline.waitFor(isNote('past'), 10)).toBe(true);
  const coming = timeline.waitFor(isNote('coming'), 10);
  const never = timeline.waitFor(isNote('never'), 10);
  timeline.add(...note('coming'));
  expect(await coming).toBe(true);
  vi.advanceTimersByTime(10);
  expect(await never).toBe(false);
});

test('an event that arrives after a later one was published is late, and `events` has it at its place in time', () => {
  const timeline = new Timeline();
  const heard: [number, boolean][] = [];
  timeline.subscribe(({ tMs }, isLate) => heard.push([tMs, isLate]));
  timeline.start();
  const startMs = nowMs();
  timeline.receive('client', query(1, startMs + 10));
  vi.advanceTimersByTime(500);
  timeline.receive('client', query(2, startMs + 5));
  timeline.receive('client', query(3, startMs + 400));
  vi.advanceTimersByTime(500);
  expect(heard).toEqual([[10, false], [5, true], [400, false]]);
  expect(timeline.events.map(({ tMs }) => tMs)).toEqual([5, 10, 400]);
});

test('a subscription ends, and the others go on', () => {
  const timeline = new Timeline();
  const heard: string[] = [];
  const end = timeline.subscribe(() => heard.push('one'));
  timeline.subscribe(() => heard.push('other'));
  timeline.start();
  timeline.add(...note('first'));
  vi.advanceTimersByTime(500);
  end();
  timeline.add(...note('second'));
  vi.advanceTimersByTime(500);
  expect(heard).toEqual(['one', 'other', 'other']);
});

test('a history with a limit keeps the newest events', () => {
  const timeline = new Timeline({ historyLimit: 100 });
  timeline.start();
  for (let atMs = 1; atMs <= 1_000; atMs++) timeline.receive('client', query(atMs, nowMs() + atMs));
  const kept = timeline.events.map(({ tMs }) => tMs);
  expect(kept.at(-1)).toBe(1_000);
  expect(kept.length).toBeGreaterThanOrEqual(100);
  expect(kept.length).toBeLessThanOrEqual(110);
  expect(kept[0]).toBe(1_000 - kept.length + 1);
  expect(timeline.leftOut).toBe(1_000 - kept.length);
});

test('a text of an event is printable and has a bounded length, whoever wrote it', () => {
  const timeline = new Timeline();
  timeline.add('client', 'client:response', { request: 1, body: `\u001b[2J${'a'.repeat(1_000_000)}` });
  timeline.receive('client', { event: 'client:dns-done', request: 1, lookup: 1, addresses: ['\u001b[2J'], coalesced: false, error: 'a\rb', atMs: nowMs() });
  const [response, done] = timeline.events;
  expect(response).toMatchObject({ body: expect.stringMatching(/^\\x1b\[2Ja{3,5000} … \(cut: 4000 of 1000004 characters\)$/) as string });
  expect(done).toMatchObject({ addresses: ['\\x1b[2J'], error: 'a\\x0db' });
});

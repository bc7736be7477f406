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

test('zero is the start; what came before is negative, and all is in order of time', () => {
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

test('the events read are a copy: what comes later is not in it', () => {
  const timeline = new Timeline();
  const before = timeline.events;
  timeline.add(...note('later'));
  expect(before).toEqual([]);
});

test('subscribers hear nothing before the start, then everything once, in order of time whatever order it arrived in', () => {
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

test('flush publishes what still waits, and nothing after it', () => {
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

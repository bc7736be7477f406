/** What the page knows: filled by the stream of the server, and read by the parts of the page. */
import { signal } from '@preact/signals';
import type { TimelineEvent } from '../../vocabulary/events.ts';
import type { Hello, LessonState, OwnState, Said, WorkshopRecord } from '../messages.ts';

/** The server keeps as many. */
const mostEvents = 20_000;
const mostLines = 500;

export const hello = signal<Hello | null>(null);
export const state = signal<OwnState | null>(null);
/** The filters of DNS before the oldest event that is kept: `A up > shuffle`. Null if they are those of the start. */
export let chainsBefore: readonly string[] | null = null;
/** In the order of time: events of the wire come late. The list is changed in place; `version` tells of it. */
export const events: TimelineEvent[] = [];
export const version = signal(0);
/** The commands that were given, the newest last. */
export const said = signal<readonly Said[]>([]);
/** The lesson that is held now; null if none is. */
export const lesson = signal<LessonState | null>(null);
/** What this page shows: the lab by hand, or the lessons. A lesson that begins opens them. */
export const view = signal<'hand' | 'lessons'>('hand');
/** `lost`: the server does not answer; the browser tries again by itself. `down`: the lab was taken down. */
export const link = signal<'connecting' | 'live' | 'lost' | 'down'>('connecting');
/** What the last command of this browser came to, if it went wrong. */
export const complaint = signal('');

/** Begins to listen. A browser that was offline gets what it has missed: EventSource sends the number of the last record. */
export function listen(): void {
  const source = new EventSource('/stream');
  source.addEventListener('open', () => { link.value = 'live'; });
  source.addEventListener('error', () => { if (link.value !== 'down') link.value = 'lost'; });
  source.addEventListener('hello', ({ data }: MessageEvent<string>) => { hello.value = JSON.parse(data) as Hello; });
  source.addEventListener('state', ({ data }: MessageEvent<string>) => { state.value = JSON.parse(data) as OwnState; });
  source.addEventListener('lesson', ({ data }: MessageEvent<string>) => {
    lesson.value = JSON.parse(data) as LessonState;
    view.value = 'lessons';
  });
  source.addEventListener('down', () => {
    link.value = 'down';
    source.close();
  });
  source.addEventListener('message', ({ data }: MessageEvent<string>) => { take(JSON.parse(data) as WorkshopRecord[]); });
}

function take(records: readonly WorkshopRecord[]): void {
  const lines: Said[] = [];
  for (const record of records) {
    if ('said' in record) lines.push(record.said);
    else insert(record.event);
  }
  if (events.length > mostEvents) {
    for (const event of events.splice(0, events.length - mostEvents)) if (event.event === 'dns:policy') chainsBefore = event.chains ?? chainsBefore;
  }
  if (lines.length > 0) said.value = [...said.value, ...lines].slice(-mostLines);
  version.value += 1;
}

function insert(event: TimelineEvent): void {
  const before = events.findLastIndex(({ tMs }) => tMs <= event.tMs);
  events.splice(before + 1, 0, event);
}

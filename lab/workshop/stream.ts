/**
 * What the pages are told, as one stream of server-sent events (HTML standard, section 9.2): the events of the lab, and the commands that were given. Each record has a number, so that a browser that
 * reloads, or comes late, or was offline for a second, gets what it has not seen. The state of the lab (who is up, who watches) has no number: only the newest one counts.
 */
import type { ServerResponse } from 'node:http';
import type { LessonState, WorkshopRecord, WorkshopState } from './messages.ts';

/** The newest records are kept: hours of use need no more memory than this. */
const keepRecords = 20_000;
/** Records of the same moment go out together. */
const gatherMs = 100;
/** A browser that does not read (a laptop that sleeps) is let go when so much waits for it. It comes back with the number of its last record. */
const mostWaiting = 16e6;
/** Something is written from time to time, so that the end of a browser is noticed. */
const aliveMs = 15_000;
/** A late comer gets its history in pieces of so many records. */
const pieceOf = 2_000;

/** A browser that listens. */
interface Listener {
  response: ServerResponse;
  /** The state as this browser sees it: what it may do is a part of it. */
  stateOf: (state: WorkshopState) => object;
}

export class Stream {
  readonly #records: WorkshopRecord[] = [];
  #lastId = 0;
  #sentId = 0;
  #state: WorkshopState | null = null;
  #lesson: LessonState | null = null;
  #gathering: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<Listener>();
  readonly #alive: NodeJS.Timeout;
  readonly #onWatchers: () => void;

  /** `onWatchers` is called when a browser comes or goes. */
  constructor(onWatchers: () => void) {
    this.#onWatchers = onWatchers;
    this.#alive = setInterval(() => { for (const { response } of this.#listeners) response.write(': alive\n\n'); }, aliveMs);
  }

  /** How many browsers listen. */
  get watchers(): number {
    return this.#listeners.size;
  }

  /** Adds a record, for all browsers that are there, and those that will come. */
  add(record: WorkshopRecord): void {
    this.#records.push(record);
    this.#lastId += 1;
    // A tenth at a time: to remove one of many for each new one is slow.
    if (this.#records.length > keepRecords * 1.1) this.#records.splice(0, this.#records.length - keepRecords);
    this.#gathering ??= setTimeout(() => { this.#send(); }, gatherMs);
  }

  /** Replaces the state. */
  setState(state: WorkshopState): void {
    this.#state = state;
    for (const { response, stateOf } of this.#listeners) response.write(`event: state\ndata: ${JSON.stringify(stateOf(state))}\n\n`);
  }

  /** Replaces the lesson that is held. */
  setLesson(lesson: LessonState): void {
    this.#lesson = lesson;
    for (const { response } of this.#listeners) response.write(`event: lesson\ndata: ${JSON.stringify(lesson)}\n\n`);
  }

  /** Has a browser listen from the record after `lastId`; from the oldest one that is kept if it has seen none. `hello` is what it is told first. */
  listen(response: ServerResponse, lastId: number, hello: object, stateOf: Listener['stateOf']): void {
    this.#send();
    response.writeHead(200, { ...Object.fromEntries(Object.entries(response.getHeaders())), 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' } as Record<string, string>);
    response.write(`event: hello\ndata: ${JSON.stringify(hello)}\n\n`);
    const oldestId = this.#lastId - this.#records.length;
    // A number that this lab has not given: the browser remembers another lab. It gets everything.
    const fromId = lastId > this.#lastId ? oldestId : Math.max(lastId, oldestId);
    for (let id = fromId; id < this.#lastId; id += pieceOf) response.write(messageOf(Math.min(id + pieceOf, this.#lastId), this.#records.slice(id - oldestId, id - oldestId + pieceOf)));
    if (this.#state) response.write(`event: state\ndata: ${JSON.stringify(stateOf(this.#state))}\n\n`);
    if (this.#lesson) response.write(`event: lesson\ndata: ${JSON.stringify(this.#lesson)}\n\n`);
    const listener = { response, stateOf };
    this.#listeners.add(listener);
    response.once('close', () => {
      this.#listeners.delete(listener);
      this.#onWatchers();
    });
    this.#onWatchers();
  }

  /** Tells all browsers that the lab has gone down, and lets them go. */
  end(): void {
    this.#send();
    clearInterval(this.#alive);
    for (const { response } of this.#listeners) response.end('event: down\ndata: {}\n\n');
    // A lesson may still run, and tell its state.
    this.#listeners.clear();
  }

  #send(): void {
    clearTimeout(this.#gathering);
    this.#gathering = undefined;
    const count = Math.min(this.#lastId - this.#sentId, this.#records.length);
    this.#sentId = this.#lastId;
    if (count === 0 || this.#listeners.size === 0) return;
    // Written once for all browsers.
    const message = messageOf(this.#lastId, this.#records.slice(-count));
    for (const { response } of this.#listeners) {
      if (response.writableLength > mostWaiting) response.destroy();
      else response.write(message);
    }
  }
}

function messageOf(id: number, records: readonly WorkshopRecord[]): string {
  return `id: ${id}\ndata: ${JSON.stringify(records)}\n\n`;
}

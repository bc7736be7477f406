/** The events of all witnesses on one clock, in order of time. */
import { printableFields } from '../vocabulary/printable.ts';
import { nowMs, witnessOf, type EmittedEvent, type EventName, type Payload, type TimelineEvent } from '../vocabulary/events.ts';

/**
 * Called for each event, in order of time. `isLate` is true for an event that arrived after a later one had been published: a subscriber
 * inserts it where it belongs, or marks it.
 */
export type Subscriber = (event: TimelineEvent, isLate: boolean) => void;

export interface TimelineOptions {
  /** How many events are kept, for a lab that stays up for hours: the newest ones. All of them if it is not set. */
  historyLimit?: number;
}

/** Events come from several processes, and packets come in batches. An event is published when this time has passed, so that few are late. */
const holdBackMs = 120;
/** The longest text in an event. The lab's own texts are far shorter, but a client can write anything. */
const longestText = 4_000;
/** How often events are published. */
const publishEveryMs = 40;

export class Timeline {
  readonly #historyLimit: number;
  /** How many older events were left out, because only the newest ones are kept. */
  leftOut = 0;
  #zeroMs = nowMs();
  #offsetMs = 0;
  /** In order of time. */
  #events: TimelineEvent[] = [];
  /** In order of time. */
  #unpublished: TimelineEvent[] = [];
  #publishedMs = -Infinity;
  #timer: NodeJS.Timeout | undefined;
  #isStarted = false;
  readonly #subscribers = new Set<Subscriber>();
  readonly #watchers = new Set<(event: TimelineEvent) => void>();

  constructor({ historyLimit = Infinity }: TimelineOptions = {}) {
    this.#historyLimit = historyLimit;
  }

  /** The events so far, in order of time. */
  get events(): readonly TimelineEvent[] {
    return this.#events.slice();
  }

  /** Whether the clock has been set to zero: the lab is ready, and the run has begun. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Whether an event of this kind is among the events so far. */
  has(isIt: (event: TimelineEvent) => boolean): boolean {
    return this.#events.some(isIt);
  }

  /** The lab's clock in ms, counted from zero. */
  now(): number {
    return nowMs() - this.#zeroMs;
  }

  /** A moment of the timeline on the hosts' clock, in ms. */
  hostMs(tMs: number): number {
    return tMs + this.#zeroMs + this.#offsetMs;
  }

  /** Makes this moment zero and begins to publish. Earlier events get negative times. */
  start(): void {
    this.#isStarted = true;
    const shiftMs = this.now();
    this.#zeroMs += shiftMs;
    for (const event of this.#events) event.tMs = rounded(event.tMs - shiftMs);
    this.#publishSoon();
  }

  /** Subscribes to all events from here on. Returns the function that ends the subscription. */
  subscribe(subscriber: Subscriber): () => void {
    this.#subscribers.add(subscriber);
    return () => {
      this.#subscribers.delete(subscriber);
      if (this.#subscribers.size === 0) this.#unpublished = [];
    };
  }

  /**
   * Resolves with true as soon as an event that `isIt` accepts is there, also a past one, and with false when there is none within `limitMs`, or
   * when `signal` aborts. It does not wait until the event is published.
   */
  async waitFor(isIt: (event: TimelineEvent) => boolean, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    if (this.has(isIt)) return true;
    if (signal?.aborted) return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const watcher = (event: TimelineEvent): void => {
      if (isIt(event)) resolve(true);
    };
    const giveUp = (): void => { resolve(false); };
    this.#watchers.add(watcher);
    const timer = setTimeout(giveUp, limitMs);
    signal?.addEventListener('abort', giveUp);
    const seen = await promise;
    clearTimeout(timer);
    signal?.removeEventListener('abort', giveUp);
    this.#watchers.delete(watcher);
    return seen;
  }

  /** The hosts' clock minus this process' clock, in ms, for all events received from here on. */
  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  /** Adds an event that a process on a host wrote. */
  receive(host: string, { event, atMs, ...payload }: EmittedEvent): void {
    this.#add({ tMs: rounded(atMs - this.#offsetMs - this.#zeroMs), witness: witnessOf(event), host, event, ...printableFields(payload, longestText) } as TimelineEvent);
  }

  /** Adds an event of the lab itself, now. */
  add<Name extends EventName>(host: string, event: Name, payload: Payload<Name>): void {
    this.#add({ tMs: rounded(this.now()), witness: witnessOf(event), host, event, ...printableFields(payload, longestText) } as unknown as TimelineEvent);
  }

  /** Publishes all events that wait. Called once, at the end. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#publish(Infinity);
  }

  #add(event: TimelineEvent): void {
    insert(this.#events, event);
    // A tenth at a time: to remove one event of many for each new one is slow.
    if (this.#events.length > this.#historyLimit * 1.1) this.leftOut += this.#events.splice(0, this.#events.length - this.#historyLimit).length;
    for (const watcher of this.#watchers) watcher(event);
    if (this.#subscribers.size === 0) return;
    insert(this.#unpublished, event);
    this.#publishSoon();
  }

  #publishSoon(): void {
    if (!this.#isStarted || this.#unpublished.length === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#publish(this.now() - holdBackMs);
      this.#publishSoon();
    }, publishEveryMs);
  }

  #publish(untilMs: number): void {
    const firstLeft = this.#unpublished.findIndex(({ tMs }) => tMs > untilMs);
    const due = this.#unpublished.splice(0, firstLeft < 0 ? this.#unpublished.length : firstLeft);
    for (const event of due) {
      const isLate = event.tMs < this.#publishedMs;
      this.#publishedMs = Math.max(this.#publishedMs, event.tMs);
      for (const subscriber of this.#subscribers) subscriber(event, isLate);
    }
  }
}

/** Inserts an event by its time, behind others of the same time. Nearly every event belongs near the end. */
function insert(events: TimelineEvent[], event: TimelineEvent): void {
  const before = events.findLastIndex(({ tMs }) => tMs <= event.tMs);
  events.splice(before + 1, 0, event);
}

/** Whole microseconds: no reader of the clock can tell more apart. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

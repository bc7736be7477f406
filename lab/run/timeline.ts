/** All witnesses' events on one clock, in order of time. */
import { nowMs, witnessOf, type EmittedEvent, type EventName, type Payload, type TimelineEvent } from '../vocabulary/events.ts';

export type Subscriber = (event: TimelineEvent) => void;

/** Events of one moment come from several processes, and arrive within this time of each other. */
const settleMs = 40;

export class Timeline {
  #zeroMs = nowMs();
  #offsetMs = 0;
  #events: TimelineEvent[] = [];
  #unpublished: TimelineEvent[] = [];
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  readonly #subscribers: Subscriber[] = [];
  readonly #watchers = new Set<Subscriber>();

  /** Everything so far, by time. */
  get events(): readonly TimelineEvent[] {
    return this.#events.toSorted((a, b) => a.tMs - b.tMs);
  }

  /** The lab's clock, counted from zero. */
  now(): number {
    return nowMs() - this.#zeroMs;
  }

  /** A moment of the timeline on the hosts' clock. */
  hostMs(tMs: number): number {
    return tMs + this.#zeroMs + this.#offsetMs;
  }

  /** Makes this moment zero and begins to publish; what came before gets negative times. */
  start(): void {
    this.#started = true;
    const shiftMs = this.now();
    this.#zeroMs += shiftMs;
    for (const event of this.#events) event.tMs = rounded(event.tMs - shiftMs);
    this.#publishSoon();
  }

  /** Called for each event, in order of time, a moment after it happened. */
  subscribe(subscriber: Subscriber): void {
    this.#subscribers.push(subscriber);
  }

  /**
   * Resolves when an event that `isIt` accepts is there, past ones included; false when there is none within `limitMs`.
   * It is told at once, not in order.
   */
  async waitFor(isIt: (event: TimelineEvent) => boolean, limitMs: number): Promise<boolean> {
    if (this.#events.some(isIt)) return true;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const watcher: Subscriber = (event) => {
      if (isIt(event)) resolve(true);
    };
    this.#watchers.add(watcher);
    const timer = setTimeout(resolve, limitMs, false);
    const seen = await promise;
    clearTimeout(timer);
    this.#watchers.delete(watcher);
    return seen;
  }

  /** The hosts' clock minus this process'; holds for events received from here on. */
  setOffset(offsetMs: number): void {
    this.#offsetMs = offsetMs;
  }

  /** An event that a process wrote. */
  receive(host: string, { event, atMs, ...payload }: EmittedEvent): void {
    this.#add({ tMs: rounded(atMs - this.#offsetMs - this.#zeroMs), witness: witnessOf(event), host, event, ...payload } as TimelineEvent);
  }

  /** An event of the lab itself, now. */
  add<Name extends EventName>(host: string, event: Name, payload: Payload<Name>): void {
    this.#add({ tMs: rounded(this.now()), witness: witnessOf(event), host, event, ...payload } as unknown as TimelineEvent);
  }

  /** Publishes what waits; called once at the end. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#publish(Infinity);
  }

  #add(event: TimelineEvent): void {
    this.#events.push(event);
    for (const watcher of this.#watchers) watcher(event);
    if (this.#subscribers.length === 0) return;
    this.#unpublished.push(event);
    this.#publishSoon();
  }

  #publishSoon(): void {
    if (!this.#started || this.#unpublished.length === 0) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#publish(this.now() - settleMs / 2);
      this.#publishSoon();
    }, settleMs);
  }

  #publish(untilMs: number): void {
    const due = this.#unpublished.filter((event) => event.tMs <= untilMs).sort((a, b) => a.tMs - b.tMs);
    this.#unpublished = this.#unpublished.filter((event) => event.tMs > untilMs);
    for (const event of due) for (const subscriber of this.#subscribers) subscriber(event);
  }
}

/** Microseconds: as fine as the clock's readers can tell apart. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

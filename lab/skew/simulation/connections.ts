/**
 * The connections of all clients, in typed arrays: which backend each one has, and when it is due to end. A connection has a fixed number, its slot.
 * Every operation takes the same time, however many connections there are.
 */

/** The backend of a slot that is not connected. */
export const none = 0xffff;

export class Connections {
  /** The backend of each slot, or `none`. */
  readonly backendOf: Uint16Array;
  /** The slots on each backend, without gaps: the first `counts` entries of its list. */
  readonly #lists: Int32Array[];
  readonly #counts: Int32Array;
  /** Null where no single connection ends. A write for each new connection, far from the last one, would take a third of the whole time. */
  readonly #indexInList: Int32Array | null;

  /** `endsSingly`: whether `disconnect` will be called. */
  constructor(slots: number, backends: number, endsSingly: boolean) {
    this.backendOf = new Uint16Array(slots).fill(none);
    this.#lists = Array.from({ length: backends }, () => new Int32Array(16));
    this.#counts = new Int32Array(backends);
    this.#indexInList = endsSingly ? new Int32Array(slots) : null;
  }

  connect(slot: number, backend: number): void {
    const index = this.#counts[backend] as number;
    let list = this.#lists[backend] as Int32Array;
    if (index === list.length) {
      const longer = new Int32Array(list.length * 2);
      longer.set(list);
      this.#lists[backend] = list = longer;
    }
    list[index] = slot;
    if (this.#indexInList !== null) this.#indexInList[slot] = index;
    this.#counts[backend] = index + 1;
    this.backendOf[slot] = backend;
  }

  /** Takes a connected slot off its backend. The last slot of the list takes its place there. */
  disconnect(slot: number): void {
    if (this.#indexInList === null) throw new RangeError('Expected `endsSingly` to be set where a single connection ends.');
    const backend = this.backendOf[slot] as number;
    const list = this.#lists[backend] as Int32Array;
    const lastIndex = (this.#counts[backend] as number) - 1;
    const index = this.#indexInList[slot] as number;
    const last = list[lastIndex] as number;
    list[index] = last;
    this.#indexInList[last] = index;
    this.#counts[backend] = lastIndex;
    this.backendOf[slot] = none;
  }

  /** Takes all slots off a backend and returns them. The backend gets a new list, so that a backend which once had many slots does not keep their memory. */
  disconnectAll(backend: number): Int32Array {
    const slots = (this.#lists[backend] as Int32Array).subarray(0, this.#counts[backend]);
    for (const slot of slots) this.backendOf[slot] = none;
    this.#lists[backend] = new Int32Array(16);
    this.#counts[backend] = 0;
    return slots;
  }
}

/** What is due at each second: for each second a linked list of slots. A slot is due once at most. */
export class Agenda {
  readonly #firstAt: Int32Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #dueS: Int32Array;

  /** Nothing is kept that would be due after `endS`. */
  constructor(slots: number, endS: number) {
    this.#firstAt = new Int32Array(endS + 1).fill(-1);
    this.#next = new Int32Array(slots);
    this.#previous = new Int32Array(slots);
    this.#dueS = new Int32Array(slots).fill(-1);
  }

  /** The slot must not be in the agenda. */
  add(slot: number, atS: number): void {
    if (atS >= this.#firstAt.length) return;
    const first = this.#firstAt[atS] as number;
    this.#next[slot] = first;
    this.#previous[slot] = -1;
    if (first >= 0) this.#previous[first] = slot;
    this.#firstAt[atS] = slot;
    this.#dueS[slot] = atS;
  }

  /** Removes the slot, if it is in the agenda. */
  remove(slot: number): void {
    const atS = this.#dueS[slot] as number;
    if (atS < 0) return;
    const next = this.#next[slot] as number;
    const previous = this.#previous[slot] as number;
    if (previous >= 0) this.#next[previous] = next;
    else this.#firstAt[atS] = next;
    if (next >= 0) this.#previous[next] = previous;
    this.#dueS[slot] = -1;
  }

  /** Removes and returns a slot that is due at that second, or -1 when there is none left. */
  take(atS: number): number {
    const slot = this.#firstAt[atS] as number;
    if (slot >= 0) this.remove(slot);
    return slot;
  }
}

/**
 * Tells apart two kinds of late segments of one sender: one that was sent again (a retransmission), and one that others have overtaken on its way.
 * No segment says which it is. The IPv4 identification says it exactly, because Linux counts it up with each packet of a connection. IPv6 has no
 * such field, and its timestamps (RFC 7323) count milliseconds, so segments of the same millisecond are told apart by what has arrived before.
 */
import { distance } from './sequence.ts';

/** What a segment shows of the time at which it was sent. */
export interface Sending {
  sequence: number;
  payloadBytes: number;
  /** IPv4 identification. */
  identification?: number | undefined;
  /** TSval of the timestamps option, or null. */
  timestamp: number | null;
}

/** More segments than can be under way at a time: the kernel's largest receive buffer is 6 MB (tcp_rmem, tcp(7)). */
const keptSegments = 8_192;

export class SendOrder {
  /** The segments that brought the newest byte, oldest first. */
  #newest: Sending[] = [];
  /** Sequence numbers of which only segments that were sent again have arrived: the first one is lost, or still under way. */
  readonly #onlyRepeated = new Set<number>();
  #newestTimestamp: number | null = null;
  /** Segments of this sender have certainly overtaken each other. */
  #isReordered = false;

  /** Notes a segment that brought the newest byte. */
  note({ sequence, payloadBytes, identification, timestamp }: Sending): void {
    this.#newest.push({ sequence, payloadBytes, ...(identification === undefined ? {} : { identification }), timestamp });
    if (this.#newest.length > keptSegments) this.#newest = this.#newest.slice(-keptSegments / 2);
    if (timestamp !== null && (this.#newestTimestamp === null || distance(this.#newestTimestamp, timestamp) > 0)) this.#newestTimestamp = timestamp;
  }

  /**
   * Whether a late segment was sent again. Otherwise it was overtaken. `isSeen`: its bytes have arrived before. `isGapReported`: the receiver has
   * said that bytes are missing (SACK, RFC 2018), which is when a sender sends them again.
   */
  isSentAgain(segment: Sending, isSeen: boolean, isGapReported: boolean): boolean {
    const isAgain = this.#judge(segment, isSeen, isGapReported);
    if (!isAgain) this.#onlyRepeated.delete(segment.sequence);
    else if (!isSeen) this.#onlyRepeated.add(segment.sequence);
    return isAgain;
  }

  #judge(segment: Sending, isSeen: boolean, isGapReported: boolean): boolean {
    // Of several copies, one was sent first. If it has arrived, all others were sent again.
    const isOnlyRepeated = this.#onlyRepeated.has(segment.sequence);
    if (isSeen && !isOnlyRepeated) return true;
    // A sender sends in the order of the bytes, and so a segment that left before the next bytes was not sent again.
    const order = sendOrder(segment, this.#next(segment.sequence));
    if (order > 0) return true;
    const isOvertaken = order < 0 || isOnlyRepeated || isOlder(segment.timestamp, this.#newestTimestamp);
    this.#isReordered ||= isOvertaken;
    return !isOvertaken && isGapReported && !this.#isReordered;
  }

  /** The first segment to arrive that has bytes at or behind this sequence number. */
  #next(sequence: number): Sending | undefined {
    let index = this.#newest.length - 1;
    while (index > 0 && hasBytesBehind(this.#newest[index - 1], sequence)) index--;
    return this.#newest[index];
  }
}

function hasBytesBehind(segment: Sending | undefined, sequence: number): boolean {
  return segment !== undefined && distance(sequence, (segment.sequence + segment.payloadBytes) >>> 0) > 0;
}

/** Negative if `one` was sent before `other`, positive if after, 0 if they do not show it. */
function sendOrder(one: Sending, other: Sending | undefined): number {
  if (one.identification !== undefined && other?.identification !== undefined && one.identification !== other.identification) return ((one.identification - other.identification) << 16) >> 16;
  return one.timestamp !== null && typeof other?.timestamp === 'number' ? distance(other.timestamp, one.timestamp) : 0;
}

function isOlder(timestamp: number | null, newest: number | null): boolean {
  return timestamp !== null && newest !== null && distance(timestamp, newest) > 0;
}

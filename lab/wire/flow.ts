/**
 * One TCP flow of the client, from its first SYN on (RFC 9293). It distinguishes retransmitted segments from new ones, and puts the
 * bytes of each side in order for the protocol above TCP.
 */
import type { TcpSegment } from './packets.ts';
import type { FlowEnds, Side, StreamProtocol, WireEvent } from './stream.ts';

/** The state of one side. */
interface Sent {
  /** The sequence number after the last byte that was seen. Undefined before the first byte. */
  next: number | undefined;
  /** The sequence number after the last byte that the protocol has read. */
  read: number | undefined;
  /** Segments that came too early, by sequence number. A segment before them is missing. */
  early: Map<number, Buffer>;
  fin: boolean;
  rst: boolean;
}

export class Flow {
  readonly #ends: FlowEnds;
  readonly #protocol: StreamProtocol;
  /** The sequence number of the SYN. A SYN with another number begins a new flow on the same ports. Null if the flow began before the capture. */
  readonly #synSequence: number | null;
  #syns = 1;
  #isAnswered = false;
  readonly #sent: Record<Side, Sent>;

  constructor(ends: FlowEnds, synSequence: number | null, protocol: StreamProtocol) {
    this.#ends = ends;
    this.#synSequence = synSequence;
    this.#protocol = protocol;
    const nothing = (): Sent => ({ next: undefined, read: undefined, early: new Map(), fin: false, rst: false });
    this.#sent = { client: nothing(), server: nothing() };
    // A SYN takes one sequence number.
    if (synSequence !== null) this.#sent.client.read = (synSequence + 1) >>> 0;
  }

  /** Whether a SYN of the client with this sequence number belongs to this flow. */
  isBegunBy(sequence: number): boolean {
    return this.#synSequence === sequence;
  }

  /** The SYN that began the flow was seen again. Returns the event. */
  synAgain(): WireEvent {
    return { event: 'wire:syn-retransmission', ...this.#ends, count: ++this.#syns };
  }

  /** Returns the events of a segment. The caller handles SYNs of the client. */
  segment(side: Side, segment: TcpSegment): WireEvent[] {
    if (segment.syn) {
      if (this.#isAnswered) return [];
      this.#isAnswered = true;
      this.#sent.server.read = (segment.sequence + 1) >>> 0;
      return [{ event: 'wire:syn-ack', ...this.#ends }];
    }
    return [...this.#payload(side, segment), ...this.#ending(side, segment)];
  }

  #payload(side: Side, { sequence, payload, payloadBytes }: TcpSegment): WireEvent[] {
    if (payloadBytes === 0) return [];
    const sent = this.#sent[side];
    // A kernel may put several old segments and new data into one segment.
    const seenBytes = Math.min(Math.max(distance(sequence, sent.next ?? sequence), 0), payloadBytes);
    const again: WireEvent[] = seenBytes > 0 ? [{ event: 'wire:data-retransmission', ...this.#ends, sender: side, bytes: seenBytes }] : [];
    if (seenBytes < payloadBytes) sent.next = (sequence + payloadBytes) >>> 0;
    return [...again, ...this.#inOrder(sent, sequence, whole(payload, payloadBytes)).flatMap((bytes) => this.#protocol.take(side, bytes))];
  }

  /** Returns the bytes that can be read now, in order. There are none while a segment before them is missing. */
  #inOrder(sent: Sent, sequence: number, bytes: Buffer): Buffer[] {
    sent.read ??= sequence;
    if (bytes.length > (sent.early.get(sequence)?.length ?? 0)) sent.early.set(sequence, bytes);
    const due: Buffer[] = [];
    for (let found = true; found; ) {
      found = false;
      for (const [start, early] of sent.early) {
        const knownBytes = distance(start, sent.read);
        if (knownBytes < 0) continue;
        sent.early.delete(start);
        if (knownBytes >= early.length) continue;
        due.push(early.subarray(knownBytes));
        sent.read = (start + early.length) >>> 0;
        found = true;
      }
    }
    return due;
  }

  /** Reports the first FIN and the first RST of each side. Repeated ones are ignored. */
  #ending(side: Side, { fin, rst }: TcpSegment): WireEvent[] {
    const sent = this.#sent[side];
    const events: WireEvent[] = [];
    if (fin && !sent.fin) events.push({ event: 'wire:fin', ...this.#ends, sender: side });
    if (rst && !sent.rst) events.push({ event: 'wire:rst', ...this.#ends, sender: side });
    sent.fin ||= fin;
    sent.rst ||= rst;
    return events;
  }
}

/** Returns how many bytes `later` is after `earlier`. Sequence numbers wrap around at 2^32 (RFC 9293 section 3.4). */
function distance(earlier: number, later: number): number {
  return (later - earlier) | 0;
}

/** A capture may have cut the payload. The missing bytes are replaced by zeros, because the framing of a message counts them. */
function whole(payload: Buffer, payloadBytes: number): Buffer {
  return payload.length >= payloadBytes ? payload.subarray(0, payloadBytes) : Buffer.concat([payload], payloadBytes);
}

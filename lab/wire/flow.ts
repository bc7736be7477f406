/**
 * One TCP flow of the client, from its first SYN on (RFC 9293). It distinguishes retransmitted segments from new ones, and puts the
 * bytes of each side in order for the protocol above TCP.
 */
import type { Addressed, TcpSegment } from './packets.ts';
import { SendOrder } from './send-order.ts';
import { distance } from './sequence.ts';
import type { FlowEnds, HeldBack, Side, StreamProtocol, WireEvent } from './stream.ts';

/** The state of one side. */
interface Sent {
  /** The sequence number after the last byte that was seen. Undefined before the first byte. */
  next: number | undefined;
  /** The sequence number after the last byte that the protocol has read. */
  read: number | undefined;
  /** Segments that came too early, by sequence number. A segment before them is missing. */
  early: Map<number, Buffer>;
  order: SendOrder;
  /** Its last segment had SACK blocks: bytes of the other side are missing (RFC 2018). */
  hasReportedGap: boolean;
  /** It has announced a window of 0. */
  isFull: boolean;
  fin: boolean;
  /** The sequence number of its FIN, until the protocol has read everything before it. */
  endsAt: number | undefined;
  rst: boolean;
}

export class Flow {
  readonly #ends: FlowEnds;
  readonly #protocol: StreamProtocol;
  /** The sequence number of the SYN. A SYN with another number begins a new flow on the same ports. Null if the flow began before the capture. */
  readonly #synSequence: number | null;
  readonly #held: HeldBack;
  #syns = 1;
  #isAnswered = false;
  #hasGap = false;
  readonly #sent: Record<Side, Sent>;

  constructor(ends: FlowEnds, synSequence: number | null, protocol: StreamProtocol, held: HeldBack) {
    this.#ends = ends;
    this.#synSequence = synSequence;
    this.#protocol = protocol;
    this.#held = held;
    const nothing = (): Sent => ({ next: undefined, read: undefined, early: new Map(), order: new SendOrder(), hasReportedGap: false, isFull: false, fin: false, endsAt: undefined, rst: false });
    this.#sent = { client: nothing(), server: nothing() };
    // A SYN takes one sequence number.
    if (synSequence !== null) this.#sent.client.read = (synSequence + 1) >>> 0;
  }

  /** Whether a SYN of the client with this sequence number belongs to this flow. */
  isBegunBy(sequence: number): boolean {
    return this.#synSequence === sequence;
  }

  /** Whether its connection has ended: both sides have sent FIN, or one has sent RST. */
  get isOver(): boolean {
    const { client, server } = this.#sent;
    return client.rst || server.rst || (client.fin && server.fin);
  }

  /** Whether the capture lacks a segment, so that the messages behind it were not read. */
  get hasGap(): boolean {
    return this.#hasGap || Object.values(this.#sent).some(({ early }) => early.size > 0);
  }

  /** Nothing more comes: gives free what the flow holds back. */
  forget(): void {
    this.#giveUp();
    this.#protocol.forget?.();
  }

  /** Gives free the segments that came too early. The flow reads no more messages. */
  #giveUp(): void {
    for (const { early } of Object.values(this.#sent)) {
      for (const bytes of early.values()) this.#held.bytes -= bytes.length;
      early.clear();
    }
  }

  /** The SYN that began the flow was seen again. Returns the event. */
  synAgain(): WireEvent {
    return { event: 'wire:syn-retransmission', ...this.#ends, count: ++this.#syns };
  }

  /** Returns the events of a segment that was captured at `atMs`. The caller handles SYNs of the client. */
  segment(side: Side, segment: TcpSegment & Addressed, atMs: number): WireEvent[] {
    if (segment.syn) {
      if (this.#isAnswered) return [];
      this.#isAnswered = true;
      this.#sent.server.read = (segment.sequence + 1) >>> 0;
      return [{ event: 'wire:syn-ack', ...this.#ends }];
    }
    return [...this.#signals(side, segment), ...this.#payload(side, segment, atMs), ...this.#ending(side, segment), ...this.#endOfStream(side, atMs)];
  }

  /** Reports what a segment says without payload. */
  #signals(side: Side, { sequence, payloadBytes, ack, fin, rst, window, hasSack }: TcpSegment): WireEvent[] {
    const sent = this.#sent[side];
    const events: WireEvent[] = [];
    // A probe repeats the last sequence number, so that the other side must answer.
    const isProbe = ack && !fin && !rst && payloadBytes === 0 && sent.next !== undefined && distance(sequence, sent.next) === 1 && !sent.fin;
    if (isProbe) events.push({ event: 'wire:keep-alive-probe', ...this.#ends, sender: side });
    const isFull = ack && !rst && window === 0;
    if (isFull && !sent.isFull) events.push({ event: 'wire:zero-window', ...this.#ends, sender: side });
    sent.isFull = isFull;
    sent.hasReportedGap = hasSack;
    return events;
  }

  #payload(side: Side, segment: TcpSegment & Addressed, atMs: number): WireEvent[] {
    const { sequence, payload, payloadBytes } = segment;
    const sent = this.#sent[side];
    const events = payloadBytes === 0 ? [] : this.#late(side, segment);
    if (isAhead(sent, segment)) {
      sent.next = (sequence + payloadBytes) >>> 0;
      sent.order.note(segment);
    }
    if (payloadBytes === 0 || this.#hasGap) return events;
    return [...events, ...this.#inOrder(sent, sequence, whole(payload, payloadBytes)).flatMap((bytes) => this.#protocol.take(side, bytes, atMs))];
  }

  /** Reports a segment that is older than the newest one: it was sent again, or it was overtaken on its way. */
  #late(side: Side, segment: TcpSegment & Addressed): WireEvent[] {
    const { sequence, payloadBytes } = segment;
    const sent = this.#sent[side];
    if (sent.next === undefined || distance(sequence, sent.next) <= 0) return [];
    const oldBytes = Math.min(payloadBytes, distance(sequence, sent.next));
    const seenBytes = seenBytesOf(sent, sequence, payloadBytes);
    return sent.order.isSentAgain(segment, seenBytes > 0, this.#sent[side === 'client' ? 'server' : 'client'].hasReportedGap)
      ? [{ event: 'wire:data-retransmission', ...this.#ends, sender: side, bytes: seenBytes || oldBytes }]
      : [{ event: 'wire:out-of-order', ...this.#ends, sender: side, bytes: oldBytes }];
  }

  /** Returns the bytes that can be read now, in order. There are none while a segment before them is missing. */
  #inOrder(sent: Sent, sequence: number, bytes: Buffer): Buffer[] {
    sent.read ??= sequence;
    // Nearly every segment comes in order.
    if (sent.read === sequence && sent.early.size === 0) {
      sent.read = (sequence + bytes.length) >>> 0;
      return [bytes];
    }
    const knownLength = sent.early.get(sequence)?.length ?? 0;
    if (bytes.length > knownLength) {
      // A copy: the frame may be a part of a far larger piece of a file.
      sent.early.set(sequence, Buffer.from(bytes));
      this.#held.bytes += bytes.length - knownLength;
    }
    const due: Buffer[] = [];
    for (let start = dueIn(sent.early, sent.read, sequence); start !== undefined; start = dueIn(sent.early, sent.read, sent.read)) {
      const early = sent.early.get(start) ?? Buffer.alloc(0);
      sent.early.delete(start);
      this.#held.bytes -= early.length;
      const knownBytes = distance(start, sent.read);
      if (knownBytes >= early.length) continue;
      due.push(early.subarray(knownBytes));
      sent.read = (start + early.length) >>> 0;
    }
    if (sent.early.size > 0 && this.#held.bytes > this.#held.most) {
      // The capture has lost the segment.
      this.#hasGap = true;
      this.#giveUp();
    }
    return due;
  }

  /** Reports the first FIN and the first RST of each side. Repeated ones are ignored. */
  #ending(side: Side, { fin, rst, sequence, payloadBytes }: TcpSegment): WireEvent[] {
    const sent = this.#sent[side];
    const events: WireEvent[] = [];
    if (fin && !sent.fin) sent.endsAt = (sequence + payloadBytes) >>> 0;
    if (fin && !sent.fin) events.push({ event: 'wire:fin', ...this.#ends, sender: side });
    if (rst && !sent.rst) events.push({ event: 'wire:rst', ...this.#ends, sender: side });
    sent.fin ||= fin;
    sent.rst ||= rst;
    return events;
  }

  /** Tells the protocol of a FIN when it has read everything before it. */
  #endOfStream(side: Side, atMs: number): WireEvent[] {
    const sent = this.#sent[side];
    if (sent.endsAt === undefined || this.#hasGap || (sent.read ?? sent.endsAt) !== sent.endsAt) return [];
    sent.endsAt = undefined;
    return this.#protocol.end?.(side, atMs) ?? [];
  }
}

/**
 * Returns the start of a segment that can be read now. `likely` is tried first: a capture that has lost a frame makes thousands of segments wait,
 * and a look at all of them for each new one takes minutes.
 */
function dueIn(early: ReadonlyMap<number, Buffer>, read: number, likely: number): number | undefined {
  if (early.has(likely)) return distance(likely, read) >= 0 ? likely : undefined;
  for (const start of early.keys()) if (distance(start, read) >= 0) return start;
  return undefined;
}

/**
 * Whether a segment shows that more bytes were sent than was known. One without payload has the number of the next byte, so the bytes before it are late, or were lost before the
 * capture. An RST may have any number.
 */
function isAhead({ next, read }: Sent, { sequence, payloadBytes, rst }: TcpSegment): boolean {
  return !rst && distance(next ?? read ?? sequence, (sequence + payloadBytes) >>> 0) > 0;
}

/** Returns how many of these bytes were seen before: the protocol has read them, or they came too early. */
function seenBytesOf({ read, early }: Sent, sequence: number, payloadBytes: number): number {
  const within = (bytes: number): number => Math.min(Math.max(bytes, 0), payloadBytes);
  const readBytes = within(distance(sequence, read ?? sequence));
  let seenBytes = readBytes;
  for (const [start, bytes] of early) {
    const from = Math.max(within(distance(sequence, start)), readBytes);
    seenBytes += Math.max(within(distance(sequence, (start + bytes.length) >>> 0)) - from, 0);
  }
  // Segments that came too early may overlap.
  return within(seenBytes);
}

/** A capture may have cut the payload. The missing bytes are replaced by zeros, because the framing of a message counts them. */
function whole(payload: Buffer, payloadBytes: number): Buffer {
  return payload.length >= payloadBytes ? payload.subarray(0, payloadBytes) : Buffer.concat([payload], payloadBytes);
}

/**
 * Reads HTTP/1.1 on the wire (RFC 9112). It follows the framing of each message. Without that, pipelined requests would look like one
 * request, a body could look like a request, and an interim response (1xx) like the final one.
 */
import type { FlowEnds, Side, StreamProtocol, WireEvent } from './stream.ts';

/** No client or server in the lab sends a longer head (first line and header fields). What goes on longer than this is not HTTP. */
const longestHeadBytes = 65_536;
const requestLine = /^([!#$%&'*+.^_`|~\w-]+) \S+ HTTP\/1\.\d$/;
const statusLine = /^HTTP\/1\.\d (\d{3})(?: .*)?$/;
/** The start of an interim response (RFC 9110 section 15.2). 101 is final: another protocol follows it. */
const interimStart = /^HTTP\/1\.\d 1(?!01)\d\d/;

/** What the head of a message has said so far. */
interface Head {
  /** The method of a request, or the status of a response. */
  word: string;
  isInterim: boolean;
  isChunked: boolean;
  lengthBytes: number | null;
}

/** A line that is being read, and how many bytes the lines before it have had. */
interface Line {
  text: string;
  bytesBefore: number;
}

/** The position of the reader in the message of one side. */
type State =
  | { name: 'start' }
  | ({ name: 'first-line' } & Line)
  | ({ name: 'fields'; head: Head } & Line)
  | { name: 'body'; leftBytes: number }
  | ({ name: 'chunk-size' } & Line)
  | { name: 'chunk'; leftBytes: number }
  /** In the fields after the last chunk. */
  | ({ name: 'trailer' } & Line)
  /** The body ends with the connection, or another protocol follows. */
  | { name: 'until-close' }
  /** The message is not HTTP, so its end is not known. It ends when the other side sends something. The same holds for a first line that does not end. */
  | { name: 'unknown' };

const noLine: Line = { text: '', bytesBefore: 0 };

export class Http1 implements StreamProtocol {
  readonly #ends: FlowEnds;
  readonly #states: Record<Side, State> = { client: { name: 'start' }, server: { name: 'start' } };
  #requests = 0;
  /** Requests that have no whole response yet. The length of a response depends on the method of its request (RFC 9112 section 6.3). */
  readonly #open: { count: number; method: string; isAnswered: boolean }[] = [];

  constructor(ends: FlowEnds) {
    this.#ends = ends;
  }

  take(side: Side, bytes: Buffer): WireEvent[] {
    const events: WireEvent[] = [];
    if (bytes.length > 0) this.#endUnknown(side === 'client' ? 'server' : 'client', events);
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(this.#step(side, rest, events));
    return events;
  }

  /** The other side sends something, so a message without a known end is over. */
  #endUnknown(side: Side, events: WireEvent[]): void {
    const state = this.#states[side];
    if (state.name === 'first-line' && side === 'server') {
      this.#tellResponse(state.text, events);
      this.#open.shift();
    }
    if (state.name === 'first-line' || state.name === 'unknown') this.#states[side] = { name: 'start' };
  }

  /** Reads bytes in the current state of the side. Returns how many bytes belonged to that state. */
  #step(side: Side, bytes: Buffer, events: WireEvent[]): number {
    const state = this.#states[side];
    switch (state.name) {
      case 'start':
        return this.#start(side, bytes, events);
      case 'body':
      case 'chunk': {
        const taken = Math.min(state.leftBytes, bytes.length);
        state.leftBytes -= taken;
        if (state.leftBytes === 0) this.#states[side] = state.name === 'body' ? { name: 'start' } : { name: 'chunk-size', ...noLine };
        return taken;
      }
      case 'first-line':
      case 'fields':
      case 'chunk-size':
      case 'trailer': {
        const { line, taken } = takeLine(state, bytes);
        if (state.name === 'first-line' && side === 'server' && !isPerhapsInterim(state.text)) this.#tellResponse(state.text, events);
        if (line !== null) this.#states[side] = this.#afterLine(side, state, line, events);
        else if (state.bytesBefore + state.text.length >= longestHeadBytes) this.#states[side] = this.#notHttp(side, state, state.text, events);
        return taken;
      }
      case 'until-close':
      case 'unknown':
        return bytes.length;
    }
  }

  /** Reports a request at its first byte. A response is reported as soon as its bytes show that it is not an interim one. */
  #start(side: Side, bytes: Buffer, events: WireEvent[]): number {
    if (side === 'client') {
      // A server ignores an empty line before a request (RFC 9112 section 2.2).
      if (bytes[0] === 0x0d || bytes[0] === 0x0a) return 1;
      this.#open.push({ count: ++this.#requests, method: '', isAnswered: false });
      events.push({ event: 'wire:request', ...this.#ends, count: this.#requests, line: firstLine(bytes.toString('latin1', 0, longestToldBytes)) });
    } else if (this.#open.length === 0) {
      // No request waits for a response, so this is the rest of a message that began before the capture.
      return bytes.length;
    }
    this.#states[side] = { name: 'first-line', ...noLine };
    return 0;
  }

  #tellResponse(text: string, events: WireEvent[]): void {
    const [asked] = this.#open;
    if (!asked || asked.isAnswered) return;
    asked.isAnswered = true;
    events.push({ event: 'wire:response', ...this.#ends, count: asked.count, line: firstLine(text.slice(0, longestToldBytes)) });
  }

  /** Returns the state after a whole line. */
  #afterLine(side: Side, state: Extract<State, Line>, line: string, events: WireEvent[]): State {
    switch (state.name) {
      case 'chunk-size':
        return chunkOf(line);
      case 'trailer':
        return line === '' ? { name: 'start' } : { name: 'trailer', text: '', bytesBefore: state.bytesBefore };
      case 'first-line': {
        const [, word] = (side === 'client' ? requestLine : statusLine).exec(line) ?? [];
        if (word === undefined) return this.#notHttp(side, state, line, events);
        const head: Head = { word, isInterim: side === 'server' && interimStart.test(line), isChunked: false, lengthBytes: null };
        return { name: 'fields', head, text: '', bytesBefore: state.bytesBefore };
      }
      case 'fields':
        if (line === '') return this.#afterHead(side, state.head);
        return { name: 'fields', head: withField(state.head, line), text: '', bytesBefore: state.bytesBefore };
    }
  }

  /** Returns the state after the head of a message (RFC 9112 section 6.3). */
  #afterHead(side: Side, head: Head): State {
    if (side === 'client') {
      const asked = this.#open.at(-1);
      if (asked) asked.method = head.word;
      return bodyOf(head, { name: 'start' });
    }
    if (head.isInterim) return { name: 'start' };
    const [status, method] = [Number(head.word), this.#open.shift()?.method];
    if (status === 101 || (method === 'CONNECT' && status < 300)) {
      this.#states.client = { name: 'until-close' };
      return { name: 'until-close' };
    }
    return method === 'HEAD' || status === 204 || status === 304 ? { name: 'start' } : bodyOf(head, { name: 'until-close' });
  }

  #notHttp(side: Side, { name }: State, line: string, events: WireEvent[]): State {
    // After its head, the message is known.
    if (side === 'server' && (name === 'first-line' || name === 'fields')) {
      this.#tellResponse(line, events);
      this.#open.shift();
    }
    return { name: 'unknown' };
  }
}

/** Whether more bytes can make this the start of an interim response, or it is one. */
function isPerhapsInterim(text: string): boolean {
  return interimStart.test(text + 'HTTP/1.1 100'.slice(text.length));
}

function withField(head: Head, line: string): Head {
  if (/^transfer-encoding:.*\bchunked[ \t]*$/i.test(line)) return { ...head, isChunked: true };
  const length = /^content-length:[ \t]*(\d+)/i.exec(line)?.[1];
  return length === undefined || head.lengthBytes !== null ? head : { ...head, lengthBytes: Number(length) };
}

/** Returns the state after the head of a message. `without` is the state for header fields that give no length. */
function bodyOf({ isChunked, lengthBytes }: Head, without: State): State {
  if (isChunked) return { name: 'chunk-size', ...noLine };
  if (lengthBytes === null) return without;
  return lengthBytes === 0 ? { name: 'start' } : { name: 'body', leftBytes: lengthBytes };
}

/** Returns the state after the size line of a chunk (RFC 9112 section 7.1). The CRLF at the end of a chunk is read as a part of it. */
function chunkOf(line: string): State {
  const size = /^([0-9a-f]+)[ \t]*(?:;.*)?$/i.exec(line)?.[1];
  if (size === undefined) return { name: 'unknown' };
  return parseInt(size, 16) === 0 ? { name: 'trailer', ...noLine } : { name: 'chunk', leftBytes: parseInt(size, 16) + 2 };
}

/** Adds bytes to the line that is being read, as far as the longest head allows. Returns the line if it is whole, and how many of the bytes belong to it. */
function takeLine(state: Line, bytes: Buffer): { line: string | null; taken: number } {
  const allowed = bytes.subarray(0, longestHeadBytes - state.bytesBefore - state.text.length);
  const end = allowed.indexOf('\n');
  state.text += allowed.toString('latin1', 0, end < 0 ? allowed.length : end);
  if (end < 0) return { line: null, taken: allowed.length };
  state.bytesBefore += state.text.length + 1;
  return { line: state.text.replace(/\r$/, ''), taken: end + 1 };
}

/** How much of a first line an event has. */
const longestToldBytes = 200;

/** Returns the first line, such as `GET / HTTP/1.1`. It is empty if the first line is not text. */
function firstLine(text: string): string {
  return /^[\x20-\x7e]*(?=\r?(?:\n|$))/.exec(text)?.[0] ?? '';
}

/**
 * Reads HTTP/1.1 on the wire (RFC 9112). It follows the framing of each message. Without that, pipelined requests would look like one
 * request, a body could look like a request, and an interim response (1xx) like the final one.
 */
import type { FlowEnds, Side, StreamProtocol, WireEvent } from './stream.ts';

/** No client or server in the lab sends a longer head (first line and header fields). */
const longestHeadBytes = 65_536;
const requestLine = /^([!#$%&'*+.^_`|~\w-]+) \S+ HTTP\/1\.\d$/;
const statusLine = /^HTTP\/1\.\d (\d{3})(?: .*)?$/;
/** The start of an interim response (RFC 9110 section 15.2). 101 is final: another protocol follows it. */
const interimStart = /^HTTP\/1\.\d 1(?!01)/;

/** The position of the reader in the message of one side. */
type State =
  | { name: 'start' }
  /** In the first line and the header fields. */
  | { name: 'head'; bytes: Buffer }
  | { name: 'body'; leftBytes: number }
  | { name: 'chunk-size'; text: string }
  | { name: 'chunk'; leftBytes: number }
  /** In the fields after the last chunk. */
  | { name: 'trailer'; text: string }
  /** The body ends with the connection, or another protocol follows. */
  | { name: 'until-close' }
  /** The message is not HTTP, so its end is not known. It ends when the other side sends something. The same holds for a first line that does not end. */
  | { name: 'unknown' };

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
    const other = side === 'client' ? 'server' : 'client';
    const state = this.#states[other];
    const isHeadless = state.name === 'head' && !state.bytes.includes('\n');
    if (isHeadless && other === 'server') this.#open.shift();
    if (isHeadless || state.name === 'unknown') this.#states[other] = { name: 'start' };
    const events: WireEvent[] = [];
    for (let rest = bytes; rest.length > 0; ) rest = rest.subarray(this.#step(side, rest, events));
    return events;
  }

  /** Reads bytes in the current state of the side. Returns how many bytes belonged to that state. */
  #step(side: Side, bytes: Buffer, events: WireEvent[]): number {
    const state = this.#states[side];
    switch (state.name) {
      case 'start':
        return this.#start(side, bytes, events);
      case 'head':
        return this.#head(side, state, bytes);
      case 'body':
      case 'chunk': {
        const taken = Math.min(state.leftBytes, bytes.length);
        state.leftBytes -= taken;
        if (state.leftBytes === 0) this.#states[side] = state.name === 'body' ? { name: 'start' } : { name: 'chunk-size', text: '' };
        return taken;
      }
      case 'chunk-size':
        return takeLine(state, bytes, (line) => { this.#states[side] = chunkOf(line); });
      case 'trailer':
        return takeLine(state, bytes, (line) => { this.#states[side] = line === '' ? { name: 'start' } : { name: 'trailer', text: '' }; });
      case 'until-close':
      case 'unknown':
        return bytes.length;
    }
  }

  /** Reports the event of a message at its first byte. */
  #start(side: Side, bytes: Buffer, events: WireEvent[]): number {
    if (side === 'client') {
      // A server ignores an empty line before a request (RFC 9112 section 2.2).
      if (bytes[0] === 0x0d || bytes[0] === 0x0a) return 1;
      this.#open.push({ count: ++this.#requests, method: '', isAnswered: false });
      events.push({ event: 'wire:request', ...this.#ends, count: this.#requests, line: firstLine(bytes) });
    } else {
      const [asked] = this.#open;
      // No request waits for a response, so this is the rest of a message that began before the capture.
      if (!asked) return bytes.length;
      if (!asked.isAnswered && !interimStart.test(bytes.subarray(0, 12).toString('latin1'))) {
        asked.isAnswered = true;
        events.push({ event: 'wire:response', ...this.#ends, count: asked.count, line: firstLine(bytes) });
      }
    }
    this.#states[side] = { name: 'head', bytes: Buffer.alloc(0) };
    return 0;
  }

  #head(side: Side, state: { bytes: Buffer }, bytes: Buffer): number {
    const knownBytes = state.bytes.length;
    state.bytes = Buffer.concat([state.bytes, bytes]);
    const text = state.bytes.toString('latin1');
    const lineEnd = text.search(/\r?\n/);
    const [, word] = (side === 'client' ? requestLine : statusLine).exec(text.slice(0, lineEnd)) ?? [];
    const end = /\r?\n\r?\n/.exec(text);
    if ((lineEnd >= 0 && word === undefined) || (!end && text.length > longestHeadBytes)) {
      this.#states[side] = { name: 'unknown' };
      if (side === 'server') this.#open.shift();
      return bytes.length;
    }
    if (!end || word === undefined) return bytes.length;
    const fields = text.slice(lineEnd, end.index);
    if (side === 'client') {
      const asked = this.#open.at(-1);
      if (asked) asked.method = word;
      this.#states.client = bodyOf(fields, { name: 'start' });
    } else {
      this.#states.server = interimStart.test(text) ? { name: 'start' } : responseBodyOf(Number(word), this.#open.shift()?.method, fields);
    }
    return end.index + end[0].length - knownBytes;
  }
}

/** The state after the head of a final response (RFC 9112 section 6.3). */
function responseBodyOf(status: number, method: string | undefined, fields: string): State {
  if (status === 101 || (method === 'CONNECT' && status < 300)) return { name: 'until-close' };
  return method === 'HEAD' || status === 204 || status === 304 ? { name: 'start' } : bodyOf(fields, { name: 'until-close' });
}

/** Returns the state after the head of a message. `without` is the state for header fields that give no length. */
function bodyOf(fields: string, without: State): State {
  if (/^transfer-encoding:.*\bchunked[ \t]*\r?$/im.test(fields)) return { name: 'chunk-size', text: '' };
  const length = /^content-length:[ \t]*(\d+)/im.exec(fields)?.[1];
  if (length === undefined) return without;
  return Number(length) === 0 ? { name: 'start' } : { name: 'body', leftBytes: Number(length) };
}

/** Returns the state after the size line of a chunk (RFC 9112 section 7.1). The CRLF at the end of a chunk is read as a part of it. */
function chunkOf(line: string): State {
  const size = /^([0-9a-f]+)[ \t]*(?:;.*)?$/i.exec(line)?.[1];
  if (size === undefined) return { name: 'unknown' };
  return parseInt(size, 16) === 0 ? { name: 'trailer', text: '' } : { name: 'chunk', leftBytes: parseInt(size, 16) + 2 };
}

/** Collects one line, and calls `done` with it when it is whole. Returns how many bytes belong to the line. */
function takeLine(state: { text: string }, bytes: Buffer, done: (line: string) => void): number {
  const end = bytes.indexOf('\n');
  state.text += bytes.subarray(0, end < 0 ? bytes.length : end).toString('latin1');
  if (end < 0) return bytes.length;
  done(state.text.replace(/\r$/, ''));
  return end + 1;
}

/** Returns the first line, such as `GET / HTTP/1.1`. It is empty if the first line is not text. */
function firstLine(bytes: Buffer): string {
  const line = /^[\x20-\x7e]*(?=\r?\n|$)/.exec(bytes.subarray(0, 200).toString('latin1'));
  return line?.[0] ?? '';
}

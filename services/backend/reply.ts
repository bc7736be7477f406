/**
 * The broken replies of a backend. A reply that is not HTTP is written directly to the socket.
 *
 * close(2) with unread data sends RST, not FIN (RFC 2525 section 2.17). So a reply that ends with FIN closes the sending half only, and
 * the backend reads until the client closes its own half.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerResponse } from 'node:http';
import type { Behaviour, Ending } from './behaviour.ts';

export interface Reply {
  status: number;
  retryAfterS: number;
  body: string;
}

const type = 'text/plain';
/** The connection of a request, below HTTP. */
export interface Line {
  /** Ends the connection. Nothing more is written. */
  breakOff(ending: Ending): void;
  /** Writes bytes that are no HTTP. */
  write(text: string): void;
  /** Writes a part of the body. Resolves when the part has left HTTP, so that the end of the connection can follow. */
  sent(part: string): Promise<void>;
}

/** The number of pieces of a body that is sent in pieces. */
const dribblePieces = 7;

/** Whether `behaviour` asks for a broken reply. */
export function isBroken({ empty, malformed, truncate, stall, dribbleMs }: Behaviour): boolean {
  return empty !== 'none' || malformed !== 'none' || truncate !== 'none' || stall || dribbleMs > 0;
}

/**
 * Writes the broken reply that `behaviour` asks for. If it asks for several, the one that breaks off first is written.
 * Resolves with the way the connection was ended, or null where it was left open.
 */
export async function replyBroken(line: Line, response: ServerResponse, behaviour: Behaviour, { status, retryAfterS, body }: Reply): Promise<Ending | null> {
  const { empty, malformed, truncate, contentLength, stall, dribbleMs } = behaviour;
  if (empty !== 'none') {
    line.breakOff(empty);
    return empty;
  }
  if (malformed !== 'none') {
    line.write(
      malformed === 'status-line' ? 'garbage where HTTP/1.1 200 OK should be\r\n\r\n' : `HTTP/1.1 200 OK\r\nContent-Type: ${type}\r\nTransfer-Encoding: chunked\r\n\r\nno length\r\n${body}\r\n`,
    );
    line.breakOff('fin');
    return 'fin';
  }
  response.writeHead(status, { 'content-type': type, ...lengthOf(response, body, contentLength), ...retryAfter(status, retryAfterS) });
  if (truncate !== 'none' || stall) {
    const half = body.slice(0, Math.floor(body.length / 2));
    // A reset discards the bytes that the kernel has not sent yet, so the half must be sent first.
    await line.sent(half);
    if (truncate === 'none') return null;
    line.breakOff(truncate);
    return truncate;
  }
  for (let piece = 0; piece < dribblePieces; piece++) {
    await sleep(dribbleMs / dribblePieces);
    response.write(body.slice(Math.floor((body.length * piece) / dribblePieces), Math.floor((body.length * (piece + 1)) / dribblePieces)));
  }
  response.end();
  return null;
}

/**
 * The header that says how long a body is. With `leave-out` there is none, and HTTP/1.1 has to close the connection at the end of the body (RFC 9112
 * section 6.3). Node would send it in chunks, if this was not forbidden. HTTP/2 says in a frame where a body ends (RFC 9113 section 8.1).
 */
export function lengthOf(response: ServerResponse, body: string | Buffer, contentLength: Behaviour['contentLength']): Record<string, string | number> {
  if (contentLength === 'send') return { 'content-length': Buffer.byteLength(body) };
  if (response.req.httpVersionMajor === 2) return {};
  response.removeHeader('transfer-encoding');
  return { connection: 'close' };
}

export function retryAfter(status: number, retryAfterS: number): Record<string, string> {
  return status !== 200 && retryAfterS > 0 ? { 'retry-after': String(retryAfterS) } : {};
}

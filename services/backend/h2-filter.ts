/**
 * Stands between the TLS connection and node:http2, and sees each frame of both sides. So the backend can break HTTP/2 in ways that node:http2 does not have:
 * frames that it leaves out, and frames of its own. node:http2 gets a socket of its own: on a stream that is no socket, Node 24 ends the process when it writes
 * to a session that has begun to close (lib/internal/js_stream_socket.js, an assertion).
 */
import type { Socket } from 'node:net';
import { encodeFrame, FrameReader, http2Preface, type Http2Frame } from '../../lab/vocabulary/http2-frame.ts';

export interface FrameRules {
  /** A frame of the client. False: node:http2 does not get it. */
  take(frame: Http2Frame): boolean;
  /** A frame of node:http2. False: the client does not get it. */
  give(frame: Http2Frame): boolean;
}

/** Passes frames between `client`, the TLS connection, and `inner`, the other end of the socket of node:http2. Returns what sends a frame to the client. */
export function passFrames(client: Socket, inner: Socket, { take, give }: FrameRules): (frame: Http2Frame) => void {
  const [taken, given] = [new FrameReader(), new FrameReader()];
  let prefaceBytes = 0;
  /** Frames of the client that came before the server's SETTINGS. These are the first frame of a server, whatever a fault sends (RFC 9113 section 3.4). */
  let waiting: Buffer[] | null = [];
  const write = (to: Socket, bytes: Buffer): void => { if (to.writable && bytes.length > 0) to.write(bytes); };
  const pass = (bytes: Buffer): void => { write(inner, Buffer.concat(taken.read(bytes).filter(take).map(encodeFrame))); };
  client.on('data', (bytes: Buffer) => {
    const preface = bytes.subarray(0, Math.max(http2Preface.length - prefaceBytes, 0));
    prefaceBytes += preface.length;
    write(inner, preface);
    if (waiting) waiting.push(bytes.subarray(preface.length));
    else pass(bytes.subarray(preface.length));
  });
  inner.on('data', (bytes: Buffer) => {
    write(client, Buffer.concat(given.read(bytes).filter(give).map(encodeFrame)));
    const early = waiting ?? [];
    waiting = null;
    for (const each of early) pass(each);
  });
  for (const [one, other] of [[client, inner], [inner, client]] as const) {
    one.once('end', () => { other.end(); });
    one.once('close', () => { other.destroy(); });
    // The end of the connection is told by its own event.
    one.on('error', () => undefined);
  }
  return (frame) => { write(client, encodeFrame(frame)); };
}

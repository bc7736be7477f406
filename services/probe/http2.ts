/**
 * Speaks HTTP/2 to a backend, frame by frame, and returns the frames that came back. It uses no HTTP client library, because a library would hide some
 * of them. Each step is sent when the step before it has its answer: a request its last frame, a PING its acknowledgement.
 */
import { connect } from 'node:tls';
import { encodeFrame, frameFlags, FrameReader, frameTypes, http2Preface, type Http2Frame } from '../../lab/vocabulary/http2-frame.ts';
import { webName } from '../../lab/vocabulary/topology.ts';

/** A frame that came back. What a frame of its type says stands in `error`, `lastStream` and `maxStreams`. */
export interface SeenFrame {
  type: keyof typeof frameTypes | 'other';
  stream: number;
  flags: number;
  bytes: number;
  /** The number of the error: of RST_STREAM and GOAWAY. */
  error?: number;
  lastStream?: number;
  /** SETTINGS_MAX_CONCURRENT_STREAMS. */
  maxStreams?: number;
}

export interface Http2Exchange {
  frames: SeenFrame[];
  /** Whether each step had its answer before the next one. */
  answered: boolean[];
  /** `open`, `silent` (the handshake did not end), `FIN`, `RST`, or the code of another error: also that of a handshake that failed. */
  end: string;
}

export interface Http2Steps {
  address: string;
  port: number;
  ca: string;
  path: string;
  /** `get`: a request. `ping`: a PING. `upload`: a POST with a body of 100,000 bytes, as far as the windows allow. */
  steps: ('get' | 'ping' | 'upload')[];
  /** How long each step waits for its answer, in ms. */
  timeoutMs: number;
}

const uploadBytes = 100_000;
/** The windows of a connection and of a stream at their start (RFC 9113 section 6.9.2). */
const firstWindow = 65_535;
const largestFrame = 16_384;

/** Makes the steps on one connection. */
export function exchangeHttp2({ address, port, ca, path, steps, timeoutMs }: Http2Steps): Promise<Http2Exchange> {
  return new Promise((resolve) => {
    const frames: SeenFrame[] = [];
    const answered: boolean[] = [];
    const reader = new FrameReader();
    let stream = -1;
    let timer: NodeJS.Timeout | undefined;
    let sendable = { connection: firstWindow, stream: 0, leftBytes: 0 };
    const socket = connect({ host: address, port, ca, servername: webName, ALPNProtocols: ['h2'] });
    const send = (type: number, flags: number, on: number, payload: Buffer = Buffer.alloc(0)): void => { socket.write(encodeFrame({ type, flags, stream: on, payload })); };
    const finish = (end: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined).destroy();
      resolve({ frames, answered, end });
    };
    /** Sends as much of the body as both windows allow. */
    const upload = (): void => {
      while (sendable.leftBytes > 0) {
        const bytes = Math.min(sendable.leftBytes, sendable.connection, sendable.stream, largestFrame);
        if (bytes === 0) return;
        sendable = { connection: sendable.connection - bytes, stream: sendable.stream - bytes, leftBytes: sendable.leftBytes - bytes };
        send(frameTypes.data, sendable.leftBytes === 0 ? frameFlags.endStream : 0, stream, Buffer.alloc(bytes));
      }
    };
    const next = (): void => {
      const step = steps[answered.length];
      if (step === undefined) {
        finish('open');
        return;
      }
      clearTimeout(timer);
      // First handle what the kernel already holds: see held.ts.
      timer = setTimeout(() => { setImmediate(() => { answered.push(false); next(); }); }, timeoutMs);
      if (step === 'ping') {
        send(frameTypes.ping, 0, 0, Buffer.from('observer'));
        return;
      }
      stream += 2;
      send(frameTypes.headers, frameFlags.endHeaders | (step === 'get' ? frameFlags.endStream : 0), stream, headerBlock(step === 'get' ? 'GET' : 'POST', `${path}&${answered.length}`));
      if (step === 'upload') {
        sendable = { ...sendable, stream: firstWindow, leftBytes: uploadBytes };
        upload();
      }
    };
    const take = (frame: Http2Frame): void => {
      frames.push(seen(frame));
      const { type, flags, payload } = frame;
      const isAck = (flags & frameFlags.ack) !== 0;
      if (type === frameTypes.settings && !isAck) send(frameTypes.settings, frameFlags.ack, 0);
      if (type === frameTypes.windowUpdate && payload.length === 4) {
        if (frame.stream === 0) sendable.connection += payload.readUInt32BE();
        else if (frame.stream === stream) sendable.stream += payload.readUInt32BE();
        upload();
      }
      const step = steps[answered.length];
      const isAnswer = step === 'ping' ? type === frameTypes.ping && isAck : frame.stream === stream && (type === frameTypes.rstStream || ((type === frameTypes.data || type === frameTypes.headers) && (flags & frameFlags.endStream) !== 0));
      if (!isAnswer) return;
      answered.push(true);
      next();
    };
    socket.setNoDelay(true);
    socket.once('secureConnect', () => {
      socket.write(http2Preface);
      send(frameTypes.settings, 0, 0);
      next();
    });
    timer = setTimeout(() => { setImmediate(finish, 'silent'); }, timeoutMs);
    socket.on('data', (bytes: Buffer) => { for (const frame of reader.read(bytes)) take(frame); });
    socket.once('end', () => { finish('FIN'); });
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => { finish(code === 'ECONNRESET' ? 'RST' : (code ?? message)); });
  });
}

/** A request in HPACK without compression: from the static table by number (RFC 7541 appendix A), or as a literal that is not indexed (section 6.2.2). */
function headerBlock(method: 'GET' | 'POST', path: string): Buffer {
  const literal = (index: number, value: string): Buffer => Buffer.concat([Buffer.from([index, value.length]), Buffer.from(value)]);
  const [methodIndex, schemeIndex, authority, pathIndex] = [{ GET: 0x82, POST: 0x83 }[method], 0x87, 1, 4];
  return Buffer.concat([Buffer.from([methodIndex, schemeIndex]), literal(authority, webName), literal(pathIndex, path)]);
}

function seen({ type, flags, stream, payload }: Http2Frame): SeenFrame {
  const name = (Object.keys(frameTypes) as (keyof typeof frameTypes)[]).find((each) => frameTypes[each] === type) ?? 'other';
  const frame: SeenFrame = { type: name, stream, flags, bytes: payload.length };
  if (name === 'rstStream' && payload.length === 4) frame.error = payload.readUInt32BE();
  if (name === 'goaway' && payload.length >= 8) {
    frame.lastStream = payload.readUInt32BE();
    frame.error = payload.readUInt32BE(4);
  }
  const maxConcurrentStreams = 3;
  if (name === 'settings') for (let at = 0; at + 6 <= payload.length; at += 6) if (payload.readUInt16BE(at) === maxConcurrentStreams) frame.maxStreams = payload.readUInt32BE(at + 2);
  return frame;
}

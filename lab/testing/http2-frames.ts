/** Builds frames of HTTP/2 from hexadecimal payloads. */
import { encodeFrame, http2Preface } from '../vocabulary/http2-frame.ts';

export const preface = Buffer.from(http2Preface);

export function http2Frame(type: number, flags: number, stream: number, payload: Buffer | string = ''): Buffer {
  return encodeFrame({ type, flags, stream, payload: typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload });
}

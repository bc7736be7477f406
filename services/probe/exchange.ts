/**
 * Sends HTTP requests one after the other on one connection and returns the bytes of the replies. It uses no HTTP client library, because
 * a library would hide some of the bytes.
 */
import { nowMs } from '../../lab/vocabulary/events.ts';
import type { Dial } from '../dial.ts';

/** The replies on one connection. */
export interface Exchange {
  /** The bytes that arrived after each request, up to the next request. A request that was never sent has no entry. */
  replies: string[];
  /** Number of replies that are whole according to their Content-Length. */
  whole: number;
  /** How the exchange ended: `open` after the last whole reply, `silent` when the time was over, `FIN`, `RST`, or the code of another error. */
  end: string;
  tookMs: number;
}

/** Makes `requests` requests within `timeoutMs`. Each request is sent when the reply to the request before it is whole. */
export function exchange(address: string, port: number, path: string, requests: number, timeoutMs: number, dial: Dial): Promise<Exchange> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    const replies: string[] = [];
    const finish = (end: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ replies, whole: replies.filter(isWhole).length, end, tookMs: nowMs() - startMs });
    };
    // First handle what the kernel already holds: see held.ts.
    const timer = setTimeout(() => { setImmediate(finish, 'silent'); }, timeoutMs);
    const socket = dial(address, port);
    const send = (): void => {
      replies.push('');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: observer\r\n\r\n`);
    };
    socket.once('connect', send);
    socket.setEncoding('latin1').on('data', (text: string) => {
      const reply = `${replies.pop() ?? ''}${text}`;
      replies.push(reply);
      if (!isWhole(reply)) return;
      if (replies.length < requests) send();
      else finish('open');
    });
    socket.once('end', () => { finish('FIN'); });
    socket.once('error', ({ code, message }: NodeJS.ErrnoException) => { finish(code === 'ECONNRESET' ? 'RST' : (code ?? message)); });
  });
}

function isWhole(reply: string): boolean {
  const headersEnd = reply.indexOf('\r\n\r\n');
  const length = /\r\ncontent-length: (\d+)\r\n/i.exec(reply)?.[1];
  return headersEnd >= 0 && length !== undefined && reply.length - headersEnd - 4 >= Number(length);
}

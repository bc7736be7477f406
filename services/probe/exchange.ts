/** HTTP as bytes: requests one after the other on one connection, and what came back, before any client library has an opinion. */
import { connect } from 'node:net';
import { nowMs } from '../../lab/vocabulary/events.ts';

export interface Exchange {
  /** What came after each request, up to the next one; a request that was never sent has none. */
  replies: string[];
  /** How many of them were whole, by their Content-Length. */
  whole: number;
  /** How it ended: `open` after the last whole reply, `silent` when the time was up, `FIN`, `RST`, or another error's code. */
  end: string;
  tookMs: number;
}

/** The next request is sent when the reply before it is whole. */
export function exchange(address: string, port: number, path: string, requests: number, timeoutMs: number): Promise<Exchange> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    const replies: string[] = [];
    const finish = (end: string): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ replies, whole: replies.filter(isWhole).length, end, tookMs: nowMs() - startMs });
    };
    const timer = setTimeout(finish, timeoutMs, 'silent');
    const socket = connect({ host: address, port });
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

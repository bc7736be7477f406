/** HTTP on a plain socket, for the tests of a backend. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { until } from './testing.ts';

export interface Answer {
  status: number;
  headers: string;
  body: string;
}

/** One connection on a plain socket, because an HTTP library would hide the details that the tests check. */
export class RawConnection {
  readonly socket: Socket;
  received = '';
  ended = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (chunk: string) => (this.received += chunk));
    socket.on('end', () => (this.ended = true));
  }

  ask(path = '/'): void {
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: web.lab.test\r\n\r\n`);
  }

  /** Waits for the next whole response and returns it. */
  answer(): Promise<Answer> {
    return until(() => {
      const [headers = '', ...rest] = this.received.split('\r\n\r\n');
      const body = rest.join('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(headers)?.[1]);
      if (rest.length === 0 || body.length < length) return undefined;
      this.received = body.slice(length);
      return { status: Number(headers.split(' ')[1]), headers, body: body.slice(0, length) };
    }, `a response; got ${JSON.stringify(this.received)}`);
  }

  async get(path = '/'): Promise<Answer> {
    this.ask(path);
    return await this.answer();
  }
}

/** Connects. The connection is destroyed when the test that opened it ends. @throws {Error} when the connection is refused. */
export async function openRaw(port: number, host: string): Promise<RawConnection> {
  const socket = connect({ port, host });
  onTestFinished(() => { socket.destroy(); });
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  return new RawConnection(socket);
}

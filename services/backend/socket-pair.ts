/** Two sockets of this process that are connected with each other, as socketpair(2) makes them. Node has no call for it, so one connects to the other over a Unix socket. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

let listening: Promise<{ server: Server; path: string }> | undefined;
/** Pairs are made one after the other, so that the socket that is accepted belongs to the one that connects. */
let before: Promise<unknown> = Promise.resolve();

export function socketPair(): Promise<[Socket, Socket]> {
  const pair = before.then(async (): Promise<[Socket, Socket]> => {
    const { server, path } = await (listening ??= listen());
    const one = connect(path);
    const [other] = (await once(server, 'connection')) as [Socket];
    return [one, other];
  });
  before = pair.catch(() => undefined);
  return pair;
}

/** A name that begins with a zero byte is in no folder, and is gone with its socket (unix(7), abstract). */
async function listen(): Promise<{ server: Server; path: string }> {
  const path = `\0failover-lab-${randomUUID()}`;
  const server = createServer({ allowHalfOpen: true }).listen(path);
  await once(server, 'listening');
  server.unref();
  return { server, path };
}

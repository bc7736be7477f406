/** Receives and sends DNS messages over UDP and TCP on one address. It does not read the content of the messages. */
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';

/** The sender of a message. */
export interface Peer {
  transport: 'udp' | 'tcp';
  address: string;
  port: number;
}

/** Handles one message. It may call `reply` later, and more than once. */
export type Handler = (bytes: Buffer, peer: Peer, reply: (bytes: Buffer) => void) => void;

/** How long an idle TCP connection stays open: a few seconds (RFC 7766 section 6.2.3). */
const idleTimeoutMs = 10_000;

/** What happens to DNS over TCP: the server answers, the kernel refuses connections (RST), or connections are accepted and get no answer. */
export const tcpModes = ['answer', 'refuse', 'silent'] as const;
export type TcpMode = (typeof tcpModes)[number];

export interface Listener {
  /** Sets what happens to new TCP connections. Established connections do not change. */
  setTcp(mode: TcpMode): Promise<void>;
}

/**
 * Listens on UDP and TCP at `address`.
 * @throws {Error} with the kernel's code: EADDRINUSE, EADDRNOTAVAIL, EACCES.
 */
export async function listen(address: string, port: number, handler: Handler): Promise<Listener> {
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes, { address: from, port: fromPort }) => {
    // Nobody can be answered at port 0 (RFC 768), and dgram throws for it.
    if (fromPort === 0) return;
    handler(bytes, { transport: 'udp', address: from, port: fromPort }, (response) => {
      // If the client has closed its socket, its host answers with ICMP. The server ignores that error.
      udp.send(response, fromPort, from, () => undefined);
    });
  });
  // allowHalfOpen: a client may send its FIN together with its query and still wait for the answer.
  const tcp = createServer({ allowHalfOpen: true }, (socket) => {
    if (silent) socket.on('error', () => socket.destroy()).once('end', () => socket.destroy()).resume();
    else serveConnection(socket, handler);
  });
  let silent = false;
  udp.bind(port, address);
  tcp.listen(port, address);
  await Promise.all([once(udp, 'listening'), once(tcp, 'listening')]);
  return {
    setTcp: async (mode) => {
      silent = mode === 'silent';
      // This closes only the listening socket. From now on the kernel answers new connections with RST.
      if (mode === 'refuse') tcp.close();
      else if (!tcp.listening) await once(tcp.listen(port, address), 'listening');
    },
  };
}

/** On TCP each message has a two-byte length before it, and one chunk may hold several messages (RFC 7766 section 8). */
function serveConnection(socket: Socket, handler: Handler): void {
  const peer: Peer = { transport: 'tcp', address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
  let received = Buffer.alloc(0);
  let unanswered = 0;
  let ended = false;
  const endIfDone = (): void => {
    if (ended && unanswered === 0) socket.end();
  };
  socket.setTimeout(idleTimeoutMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('end', () => {
    ended = true;
    endIfDone();
  });
  socket.on('data', (chunk) => {
    received = Buffer.concat([received, chunk]);
    while (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) {
      const messageEnd = 2 + received.readUInt16BE(0);
      const message = received.subarray(2, messageEnd);
      received = received.subarray(messageEnd);
      unanswered++;
      let answered = false;
      handler(message, peer, (response) => {
        const length = Buffer.alloc(2);
        length.writeUInt16BE(response.length);
        socket.write(Buffer.concat([length, response]));
        // A second copy of an answer does not count as the answer to another query.
        if (!answered) unanswered--;
        answered = true;
        endIfDone();
      });
    }
  });
}

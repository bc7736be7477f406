/** DNS over UDP and TCP on one address: bytes in, bytes out, nothing known of what they mean. */
import { createSocket } from 'node:dgram';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';

export interface Peer {
  transport: 'udp' | 'tcp';
  address: string;
  port: number;
}

export type Handler = (bytes: Buffer, peer: Peer, reply: (bytes: Buffer) => void) => void;

/** An idle DNS connection is kept a few seconds (RFC 7766 section 6.2.3). */
const idleTimeoutMs = 10_000;

/** What becomes of DNS over TCP: answered, refused by the kernel (RST), or accepted and left without an answer. */
export const tcpModes = ['answer', 'refuse', 'silent'] as const;
export type TcpMode = (typeof tcpModes)[number];

export interface Listener {
  /** Established connections stay as they are. */
  setTcp(mode: TcpMode): Promise<void>;
}

/**
 * Listens on both transports of `address`.
 * @throws {Error} EADDRINUSE, EADDRNOTAVAIL, EACCES as the kernel says.
 */
export async function listen(address: string, port: number, handler: Handler): Promise<Listener> {
  const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4');
  udp.on('message', (bytes, { address: from, port: fromPort }) => {
    handler(bytes, { transport: 'udp', address: from, port: fromPort }, (response) => {
      // A client that has left answers with ICMP; that is its business.
      udp.send(response, fromPort, from, () => undefined);
    });
  });
  // allowHalfOpen: a client may send its query and FIN at once, and still wants the answer.
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
      // Closed is only the listening socket: its port answers with RST from now on.
      if (mode === 'refuse') tcp.close();
      else if (!tcp.listening) await once(tcp.listen(port, address), 'listening');
    },
  };
}

/** Messages on TCP carry a two-byte length; several may wait in one connection (RFC 7766 section 8). */
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
        // A second copy of an answer answers nothing.
        if (!answered) unanswered--;
        answered = true;
        endIfDone();
      });
    }
  });
}

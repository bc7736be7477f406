/** Sends one UDP datagram, and waits for what comes back: an answer, an ICMP error, or nothing. */
import { createSocket } from 'node:dgram';
import { nowMs } from '../../lab/vocabulary/events.ts';
import type { Sighting } from './sighting.ts';

/** No packet of QUIC: the bits that each of them begins with are not set (RFC 9000 section 17). */
const payload = Buffer.from([0]);

/** `outcome` is `answered`, `silent` (nothing within the time), or the kernel's error code: ECONNREFUSED after ICMP "port unreachable" (udp(7)). */
export function probeDatagram(address: string, port: number, timeoutMs: number): Promise<Sighting> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    // Only a connected socket hears of an ICMP error.
    const socket = createSocket(address.includes(':') ? 'udp6' : 'udp4');
    const done = (outcome: string): void => {
      clearTimeout(timer);
      socket.removeAllListeners().on('error', () => undefined).close();
      resolve({ outcome, startMs, tookMs: nowMs() - startMs });
    };
    // First handle what the kernel already holds: see held.ts.
    const timer = setTimeout(() => { setImmediate(done, 'silent'); }, timeoutMs);
    socket.once('message', () => { done('answered'); });
    socket.once('error', (error: NodeJS.ErrnoException) => { done(error.code ?? error.message); });
    socket.connect(port, address, () => { socket.send(payload); });
  });
}

/** How the programs on the observer's host reach a web server: by TCP, or by TLS above it. */
import { connect, type Socket } from 'node:net';
import { webName } from '../lab/vocabulary/topology.ts';

/** Opens a connection. `connect` says that TCP is there; what is written before the handshake of TLS is done waits for it. */
export type Dial = (address: string, port: number) => Socket;

/** `ca` is the certificate of the lab's CA (PEM). Without it, the web servers speak no TLS, and nothing of TLS is loaded. */
export async function dialWith(ca: string | undefined): Promise<Dial> {
  if (ca === undefined) return (host, port) => connect({ host, port, noDelay: true });
  const tls = await import('node:tls');
  // The context is made once: reading the certificate takes longer than a handshake.
  const secureContext = tls.createSecureContext({ ca });
  return (host, port) => tls.connect({ host, port, secureContext, servername: webName, ALPNProtocols: ['http/1.1'] }).setNoDelay(true);
}

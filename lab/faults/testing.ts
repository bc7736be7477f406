/** How the tests of faults look from the client's host, without the lab's own probe. */
import { expect } from 'vitest';
import type { Lab } from '../lab.ts';
import { addressOf, type BackendName, type Family } from '../topology.ts';

export interface Sight {
  connect: string;
  connectMs: number;
  get: string;
  getMs: number;
}

/** Prints, for each address, how a connect ended and how a GET went that followed on the same connection. */
const eye = `
const { connect } = require('net');
const [path, limitMs, ...addresses] = process.argv.slice(1);
const look = (host) => new Promise((resolve) => {
  const start = performance.now();
  const sight = { connect: 'silent', connectMs: null, get: 'silent', getMs: null };
  const socket = connect({ host, port: 8080 });
  const end = () => { clearTimeout(timer); socket.destroy(); resolve(sight); };
  const timer = setTimeout(end, Number(limitMs));
  socket.once('error', (error) => { sight[sight.connect === 'silent' ? 'connect' : 'get'] = error.code; sight.connectMs ??= performance.now() - start; end(); });
  socket.once('connect', () => {
    sight.connect = 'connected';
    sight.connectMs = performance.now() - start;
    const sent = performance.now();
    socket.write('GET ' + path + ' HTTP/1.1\\r\\nHost: web\\r\\nConnection: close\\r\\n\\r\\n');
    let received = '';
    socket.setEncoding('latin1').on('data', (chunk) => (received += chunk));
    socket.once('end', () => { sight.get = received.slice(9, 12); sight.getMs = performance.now() - sent; end(); });
  });
});
Promise.all(addresses.map(look)).then((sights) => console.log(JSON.stringify(sights)));`;

/** Silence that long is silence: a healthy host answers in well under a millisecond. */
export const silenceMs = 600;
/** What happens at once on an idle machine, on a very busy one; still less than one lost SYN costs. */
export const atOnceMs = 700;

export async function see(lab: Lab, backend: BackendName, { path = '/', limitMs = silenceMs } = {}): Promise<Record<Family, Sight>> {
  const addresses = ([4, 6] as const).map((family) => addressOf(lab.topology, backend, family));
  const { stdout, stderr } = await lab.host('client').run([process.execPath, '--eval', eye, path, String(limitMs), ...addresses]);
  expect(stderr).toBe('');
  const [ipv4, ipv6] = JSON.parse(stdout) as [Sight, Sight];
  return { 4: ipv4, 6: ipv6 };
}

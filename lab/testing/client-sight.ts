/** Programs with which the tests of faults check a backend from the client's host, independently of the lab's own probe. */
import { expect } from 'vitest';
import type { HostProcess } from '../network/drivers/driver.ts';
import type { Lab } from '../run/lab.ts';
import { until } from './testing.ts';
import { addressOf, type BackendName, type Family, type TargetName } from '../vocabulary/topology.ts';

export interface Sight {
  connect: string;
  connectMs: number;
  get: string;
  getMs: number;
}

/** A Node program. For each address it prints how a connect ended, and how a GET on the same connection ended. */
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

/** A host that has not answered after this time is silent. A healthy host answers in well under a millisecond. */
export const silenceMs = 900;
/** The limit for an event that happens at once. It allows for a very busy machine, and is still less than the cost of one lost SYN. */
export const atOnceMs = 700;

/** Connects to `backend` from the client's host over each family, and sends a GET on the same connection. Returns how both ended. */
export async function see(lab: Lab, backend: BackendName, { path = '/', limitMs = silenceMs } = {}): Promise<Record<Family, Sight>> {
  const addresses = ([4, 6] as const).map((family) => addressOf(lab.topology, backend, family));
  const { stdout, stderr } = await lab.host('client').run([process.execPath, '--eval', eye, path, String(limitMs), ...addresses]);
  expect(stderr).toBe('');
  const [ipv4, ipv6] = JSON.parse(stdout) as [Sight, Sight];
  return { 4: ipv4, 6: ipv6 };
}

/**
 * A Node program that holds one connection. For each line it reads, it sends a GET and prints how the GET ended: `answered`, `cut` (in its
 * middle), `stalled`, `closed` (FIN) or `reset`.
 */
const holder = `
const [host, limitMs] = process.argv.slice(1);
const socket = require('net').connect({ host, port: 8080 }, () => console.log('connected'));
let onAnswer = () => {}, finished = false, error = null, cut = false;
// EPIPE is an RST after a FIN: the program wrote to a connection that the server had closed (tcp(7)).
const ended = () => (cut ? 'cut' : finished || error === null || error === 'EPIPE' ? 'closed' : 'reset');
socket.on('data', (data) => { if (/Hello, World from \\S+\\n/.test(String(data))) onAnswer('answered'); else cut = true; }).on('end', () => { finished = true; });
socket.on('error', ({ code }) => { error = code; }).on('close', () => onAnswer(ended()));
require('readline').createInterface({ input: process.stdin }).on('line', () => {
  if (socket.destroyed) { console.log(ended()); return; }
  const timer = setTimeout(() => onAnswer('stalled'), Number(limitMs));
  onAnswer = (outcome) => { clearTimeout(timer); onAnswer = () => {}; console.log(outcome); };
  socket.write('GET / HTTP/1.1\\r\\nHost: web\\r\\n\\r\\n');
});`;

/** Two connections from the client's host to a backend, one in each family. */
export interface HeldPair {
  /** Sends one GET on each connection. Returns how it ended on IPv4 and on IPv6. */
  ask(): Promise<[string, string]>;
  release(): Promise<void>;
}

/** Opens the two connections, and expects that both are established. */
export async function holdPair(lab: Lab, backend: BackendName): Promise<HeldPair> {
  const held = await Promise.all(([4, 6] as const).map((family) => lab.host('client').start([process.execPath, '--eval', holder, addressOf(lab.topology, backend, family), String(silenceMs)])));
  const lines = held.map(collectLines);
  let asked = 0;
  const last = (): Promise<[string, string]> =>
    until(() => (lines.every(({ length }) => length > asked) ? (lines.map((each) => each[asked] ?? '') as [string, string]) : undefined), `${asked + 1} lines from each connection`);
  expect(await last()).toEqual(['connected', 'connected']);
  return {
    ask: async () => {
      asked++;
      for (const each of held) each.send('get');
      return await last();
    },
    release: async () => { for (const each of held) await each.signal('SIGKILL'); },
  };
}

function collectLines(held: HostProcess): string[] {
  const lines: string[] = [];
  held.onLine((line) => lines.push(line));
  return lines;
}

/** Returns the network settings of a host that a relay changes. Values that change by themselves are left out. */
export async function networkOf(lab: Lab, host: TargetName): Promise<string> {
  const { stdout } = await lab.host(host).run(['sh', '-ec', "ip -o address | sed 's/valid_lft.*//'; ip -o link; ip -4 route show table all; ip -6 route show table all; ip rule; ip -6 rule; tc qdisc"]);
  return stdout;
}

/**
 * A backend: `Hello, World from <the address the client reached>` (S1), with keep-alive like a real server.
 *
 *   node services/backend/main.ts '{"listen":["198.51.100.11","2001:db8:1::11"],"port":8080,"seed":"1"}'
 */
import { emit, endProcess, ready } from '../../lab/vocabulary/control.ts';
import { messageOf } from '../../lab/vocabulary/errors.ts';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { oneOf, orNull, readValue, text, wholeNumber } from '../../lab/vocabulary/values.ts';
import { serveControl } from '../serve-control.ts';
import { Application } from './application.ts';
import { ofFamilies } from './behaviour.ts';
import { startHandOver, type HandOver } from './hand-over.ts';
import { certificateKinds, type CertificateKind } from './tls-behaviour.ts';
import type { TlsOptions } from './tls.ts';
import { Listeners } from './listeners.ts';
import { backendUsage, idleKind, timer } from './usage.ts';

/** How to start a backend. The lab writes it as one JSON argument. */
export interface BackendOptions {
  listen: string[];
  port: number;
  /** Repeats every draw exactly. */
  seed: string;
  /** Another process may listen beside this one. */
  sharePort?: boolean;
  /** The backend speaks TLS. */
  tls?: TlsOptions;
}

const { listen: addresses, port, seed, sharePort = false, tls } = JSON.parse(process.argv[2] ?? '{}') as BackendOptions;
const certificateKind = oneOf(Object.keys(certificateKinds) as CertificateKind[]);
/** After SIGTERM, requests in flight may end within this time. */
let drainMs = 5_000;
let stopping = false;
/** Set when another process has taken over. */
let handOver: HandOver | undefined;
let draining = false;

// A connection that is busy at SIGTERM or in a drain must end with its response. Node would keep it for the next request.
const application = new Application([seed, ...addresses].join(), () => stopping || draining || (handOver?.tells() ?? false));
const listeners = new Listeners({ addresses, port, sharePort, accept: (socket) => { application.accept(socket); } });

process.on('SIGTERM', () => {
  emit('backend:stopping', { connections: application.connections });
  stopping = true;
  listeners.closeAll('stop');
  application.closeIdle();
  setTimeout(() => { endProcess(0); }, drainMs).unref();
  void application.closed().then(() => setImmediate(() => { endProcess(0); }));
});

async function serve(): Promise<void> {
  // A backend without TLS loads nothing of it.
  const loaded = tls && { tls, ...(await import('./secure.ts')) };
  const secure = loaded && application.useTls((served) => new loaded.Secure(loaded.tls, served));
  try {
    await Promise.all(addresses.map((address) => listeners.open(address)));
  } catch (error) {
    console.error(`backend: cannot listen on ${addresses.join(', ')} port ${port}: ${messageOf(error)}`);
    process.exit(1);
  }
  await serveControl({
    behaviour: (change) => application.change(change, null),
    'fault-behaviour': ({ fault, change, family = 0 }) => application.change(change, readValue(text, fault, 'fault'), readValue(ofFamilies, family, 'family')),
    'heal-behaviour': ({ fault }) => application.restore(readValue(orNull(text), fault, 'fault')),
    connections: (change) => application.changeConnections(change),
    certificate: ({ kind, key, cert }) => {
      if (!secure) throw new Error('Expected a backend that speaks TLS, and this one speaks HTTP alone.');
      secure.takeCertificate(readValue(certificateKind, kind, 'kind'), { key: readValue(text, key, 'key'), cert: readValue(text, cert, 'cert') });
    },
    refuse: ({ family }) => { listeners.close(listeners.addressOf(family), 'refuse'); },
    // Undoes `refuse` and `deafen`.
    listen: ({ family }) => listeners.open(listeners.addressOf(family), 'refuse'),
    deafen: ({ family, backlog }) => listeners.deafen(listeners.addressOf(family), readValue(wholeNumber(), backlog, 'backlog')),
    'hand-over': (times) => {
      const handOverMs = readValue(timer, times['drainMs'], 'drainMs');
      const shutdownMs = readValue(timer, times['shutdownMs'], 'shutdownMs');
      handOver = startHandOver(handOverMs, seededRandom(`${seed} hand-over`));
      listeners.closeAll('hand-over');
      setTimeout(() => { endProcess(0); }, shutdownMs);
      emit('backend:hand-over', { connections: application.connections, drainMs: handOverMs, shutdownMs });
    },
    'close-idle': () => { application.closeIdle(); },
    'drain-time': (times) => { drainMs = readValue(timer, times['drainMs'], 'drainMs'); },
    drain: ({ idle = 'keep' }) => {
      const closes = readValue(idleKind, idle, 'idle') === 'close';
      draining = true;
      listeners.closeAll('drain');
      if (closes) application.closeIdle();
    },
    undrain: async () => {
      draining = false;
      await listeners.openAll('drain');
    },
  }, {
    now: () => ({
      behaviour: application.behaviour,
      connections: application.changeConnections({}),
      open: application.connections,
      listening: listeners.addresses,
      deaf: listeners.deafAddresses,
      draining,
      handingOver: handOver !== undefined,
      drainMs,
    }),
    usage: backendUsage,
  });
  ready();
}

void serve();

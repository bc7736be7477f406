/**
 * A backend: `Hello, World from <the address the client reached>` (S1), with keep-alive like a real server.
 *
 *   node services/backend/main.ts '{"listen":["198.51.100.11","2001:db8:1::11"],"port":8080,"seed":"1"}'
 */
import { emit, ready } from '../../lab/vocabulary/control.ts';
import { messageOf } from '../../lab/vocabulary/errors.ts';
import { seededRandom } from '../../lab/vocabulary/random.ts';
import { longestTimerMs, readValue, wholeNumber } from '../../lab/vocabulary/values.ts';
import { serveControl } from '../serve-control.ts';
import { Application } from './application.ts';
import { startHandOver, type HandOver } from './hand-over.ts';
import { Listeners } from './listeners.ts';

/** How to start a backend. The lab writes it as one JSON argument. */
export interface BackendOptions {
  listen: string[];
  port: number;
  /** Repeats every draw exactly. */
  seed: string;
  /** Another process may listen beside this one. */
  sharePort?: boolean;
}

const { listen: addresses, port, seed, sharePort = false } = JSON.parse(process.argv[2] ?? '{}') as BackendOptions;
/** After SIGTERM, requests in flight may end within this time. */
let drainMs = 5_000;
let stopping = false;
/** Set when another process has taken over. */
let handOver: HandOver | undefined;
/** Addresses that are not listened on because of a drain. */
const drained: string[] = [];

// A connection that is busy at SIGTERM or in a drain must end with its response. Node would keep it for the next request.
const application = new Application([seed, ...addresses].join(), () => stopping || drained.length > 0 || (handOver?.tells() ?? false));
const listeners = new Listeners({ addresses, port, sharePort, accept: (socket) => { application.accept(socket); } });

process.on('SIGTERM', () => {
  emit('backend:stopping', { connections: application.connections });
  stopping = true;
  listeners.refuseAll();
  application.closeIdle();
  setTimeout(() => process.exit(0), drainMs).unref();
  void application.closed().then(() => setImmediate(() => process.exit(0)));
});

try {
  await Promise.all(addresses.map((address) => listeners.listen(address)));
} catch (error) {
  console.error(`backend: cannot listen on ${addresses.join(', ')} port ${port}: ${messageOf(error)}`);
  process.exit(1);
}
const timer = wholeNumber(0, longestTimerMs);
await serveControl({
  behaviour: (change) => application.change(change),
  connections: (change) => application.changeConnections(change),
  refuse: ({ family }) => { listeners.refuse(listeners.addressOf(family)); },
  listen: ({ family }) => listeners.listen(listeners.addressOf(family)),
  deafen: ({ family, backlog }) => listeners.deafen(listeners.addressOf(family), readValue(wholeNumber(), backlog, 'backlog')),
  'hand-over': (times) => {
    const handOverMs = readValue(timer, times['drainMs'], 'drainMs');
    const shutdownMs = readValue(timer, times['shutdownMs'], 'shutdownMs');
    handOver = startHandOver(handOverMs, seededRandom(`${seed} hand-over`));
    listeners.refuseAll();
    setTimeout(() => process.exit(0), shutdownMs);
    emit('backend:hand-over', { connections: application.connections, drainMs: handOverMs, shutdownMs });
  },
  'close-idle': () => { application.closeIdle(); },
  'drain-time': (times) => { drainMs = readValue(timer, times['drainMs'], 'drainMs'); },
  drain: ({ idle }) => {
    drained.push(...listeners.refuseAll());
    if (idle === 'close') application.closeIdle();
  },
  undrain: async () => {
    for (const address of drained.splice(0)) await listeners.listen(address);
  },
});
ready();

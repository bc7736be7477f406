/**
 * Carries frames between the segment and a host's stack, and impairs them as a bad link would. lab/network/host-link.ts puts it into the host's link.
 *
 *   node services/link/main.ts '{"segment":"eth0","host":"outer","seed":"1"}'
 */
import { Worker } from 'node:worker_threads';
import { ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { programFile } from '../../lab/vocabulary/project.ts';
import { impairmentNames, type ImpairmentName, type Impairments } from './impairments.ts';
import type { RelayCounts, RelayOptions, RelayReply, RelayRequest } from './relay.ts';

const worker = new Worker(programFile('services/link/relay.ts'), { workerData: JSON.parse(process.argv[2] ?? '{}') as RelayOptions });
const pending = new Map<number, (counts: RelayCounts) => void>();
let lastId = 0;

worker.on('error', (error: Error) => {
  console.error(`link relay: ${error.message}; it needs CAP_NET_RAW`);
  process.exit(1);
});
worker.on('message', (message: 'ready' | RelayReply) => {
  if (message === 'ready') {
    ready();
    return;
  }
  pending.get(message.id)?.(message.counts);
  pending.delete(message.id);
});

type Distribute<Request> = Request extends unknown ? Omit<Request, 'id'> : never;

/** Sends a request to the relay's thread. Resolves with the relay's counts when the request is done. */
function ask(request: Distribute<RelayRequest>): Promise<RelayCounts> {
  const id = ++lastId;
  return new Promise((resolve) => {
    pending.set(id, resolve);
    worker.postMessage({ id, ...request });
  });
}

serveStdin({
  set: ({ name, value }) => {
    if (!impairmentNames.includes(name as ImpairmentName)) throw new Error(`Unknown impairment \`${String(name)}\`. Known: ${impairmentNames.join(', ')}.`);
    return ask({ set: { name: name as ImpairmentName, value: value as Impairments[ImpairmentName] | null } });
  },
  count: () => ask({ count: true }),
});

/**
 * A listening socket that nobody accepts from. Node accepts as soon as its event loop turns, and offers no way to pause that; so the
 * socket belongs to a thread whose event loop does not turn. Connections wait in the kernel's accept queue, and no thread but this
 * one is kept from its work.
 */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

export interface DeafOptions {
  address: string;
  port: number;
  backlog: number;
}

/** Resolves when the socket listens. Terminating the worker closes it, and resets what waits in its queue. */
export async function listenDeaf(options: DeafOptions): Promise<Worker> {
  const worker = new Worker(new URL(import.meta.url), { workerData: options });
  await once(worker, 'message');
  return worker;
}

if (!isMainThread && parentPort) {
  const { address, port, backlog } = workerData as DeafOptions;
  createServer().listen({ host: address, port, backlog }, () => {
    parentPort?.postMessage('listening');
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  });
}

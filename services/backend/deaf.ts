/**
 * A listening socket whose process never accepts a connection. Node accepts whenever its event loop runs, and cannot pause that. So the
 * socket belongs to a thread of its own, whose event loop is blocked: connections wait in the kernel's accept queue, and the other threads go on.
 */
import { createServer } from 'node:net';
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { programFile } from '../../lab/vocabulary/project.ts';

export interface DeafOptions {
  address: string;
  port: number;
  backlog: number;
}

/** Resolves when the socket listens. Terminating the worker closes the socket and resets the connections in its queue. */
export async function listenDeaf(options: DeafOptions): Promise<Worker> {
  const worker = new Worker(programFile('services/backend/deaf.ts'), { workerData: options });
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

/** Starts the network of a lab, and can be interrupted while the driver works: a build of an image may take minutes. */
import { unlessAborted } from '../vocabulary/limits.ts';
import type { Topology } from '../vocabulary/topology.ts';
import type { Driver, Network } from './drivers/driver.ts';

/**
 * Resolves when the network is up. When `signal` aborts, it rejects at once. The driver may then need a moment to remove what it has made, and
 * this process stays until that is done.
 * @throws {LabError} as the driver does; INTERRUPTED when `signal` aborts. Nothing is left behind then.
 */
export async function startNetwork(driver: Driver, topology: Topology, signal?: AbortSignal): Promise<Network> {
  const starting = driver.start(topology, signal);
  try {
    return await unlessAborted(signal, () => starting);
  } catch (error) {
    // The driver may notice the interruption too late, and finish.
    void starting.then((late) => late[Symbol.asyncDispose]()).catch(() => undefined);
    throw error;
  }
}

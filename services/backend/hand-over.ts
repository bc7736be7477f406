/**
 * Envoy's hot restart, on the side of the old process. Connections are not handed over. The old process answers each request with
 * `Connection: close` with a probability that grows from 0 to 1 over the drain time. An idle HTTP/1 connection is told nothing, and
 * ends with the process
 * (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/operations/hot_restart, and Envoy's DrainManagerImpl::drainClose).
 */
import type { Random } from '../../lab/vocabulary/random.ts';

export interface HandOver {
  /** Whether this response tells its connection to close. Draws anew at each call. */
  tells(): boolean;
}

export function startHandOver(drainMs: number, random: Random, now: () => number = () => performance.now()): HandOver {
  const startMs = now();
  return { tells: () => random() * drainMs < now() - startMs };
}

/**
 * Envoy's hot restart, from the old process' side: connections are not handed over, they are talked into leaving. With each response
 * the old process says `Connection: close` with a probability that grows from 0 to 1 over the drain time; an idle HTTP/1 connection
 * hears nothing, and ends with the process
 * (https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/operations/hot_restart, and Envoy's DrainManagerImpl::drainClose).
 */
import type { Random } from '../../lab/vocabulary/random.ts';

export interface HandOver {
  /** Whether this response tells its connection to leave. */
  tells(): boolean;
}

export function startHandOver(drainMs: number, random: Random, now: () => number = () => performance.now()): HandOver {
  const startMs = now();
  return { tells: () => random() * drainMs < now() - startMs };
}

/**
 * The hosts' clock against this process'. On one kernel CLOCK_MONOTONIC is the same for all; where the hosts are on another
 * (a remote engine, Docker Desktop), the offset is measured once, as NTP does (RFC 5905 section 8): the reading of the quickest
 * round trip, which is wrong by half of that trip at most.
 */
import { nowMs } from '../vocabulary/events.ts';
import type { Remote } from './remote.ts';

export interface ClockReading {
  /** Hosts' clock minus this process'; 0 where the measurement allows it, since one kernel is then the simplest explanation. */
  offsetMs: number;
  /** Half of the quickest round trip. */
  precisionMs: number;
}

const roundTrips = 12;

export async function measureClock(remote: Pick<Remote, 'call'>): Promise<ClockReading> {
  let best: ClockReading = { offsetMs: 0, precisionMs: Infinity };
  for (let trip = 0; trip < roundTrips; trip++) {
    const beforeMs = nowMs();
    const thereMs = await remote.call<number>('ping');
    const afterMs = nowMs();
    const precisionMs = (afterMs - beforeMs) / 2;
    if (precisionMs < best.precisionMs) best = { offsetMs: thereMs - (beforeMs + afterMs) / 2, precisionMs };
  }
  const rounded = (ms: number): number => Math.round(ms * 1000) / 1000;
  return { offsetMs: Math.abs(best.offsetMs) <= best.precisionMs ? 0 : rounded(best.offsetMs), precisionMs: rounded(best.precisionMs) };
}

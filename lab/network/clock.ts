/**
 * Compares the clock of the hosts with the clock of this process. On one kernel, CLOCK_MONOTONIC is the same for all processes. If the
 * hosts run on another kernel (a remote engine, Docker Desktop), the lab measures the offset once, as NTP does (RFC 5905 section 8). It
 * takes the reading of the quickest round trip. The error of that reading is at most half of the round trip.
 */
import { nowMs } from '../vocabulary/events.ts';
import type { Remote } from './remote.ts';

export interface ClockReading {
  /** The hosts' clock minus the clock of this process. 0 if the measurement allows 0: one kernel is then the simplest explanation. */
  offsetMs: number;
  /** Half of the quickest round trip: the largest possible error of the offset. */
  precisionMs: number;
}

const roundTrips = 12;

/** Measures the clock of the host that `remote` runs on, with several `ping` calls. @throws {LabError} as `Remote.call` does. */
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

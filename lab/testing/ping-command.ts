/** ping(8) on the client's host, as a judge of the link faults. */
import type { Lab } from '../run/lab.ts';
import { addressOf, type Family, type TargetName } from '../vocabulary/topology.ts';

/**
 * For a link that loses nothing. Once ping has had an answer, it waits only two round trips for the last one (ping(8), -W), and on a busy machine an answer may come later. With -w it waits until all
 * are there, and sends more in the meantime.
 */
export const untilAllAnswered = ['-w', '20'];

/** Runs ping(8) and reads one line for each echo: which echoes were lost, in which order the others came back, and the time from the first echo's departure to the last answer. */
export async function ping(lab: Lab, host: TargetName, family: Family, count: number, everyMs: number, more: string[] = []): Promise<{ lost: number[]; sequences: number[]; rttsMs: number[]; spanMs: number }> {
  const argv = ['ping', '-D', '-c', String(count), '-i', String(everyMs / 1_000), ...more, '-W', '2', addressOf(lab.topology, host, family)];
  const { stdout } = await lab.host('client').run(argv);
  const echoes = [...stdout.matchAll(/^\[([\d.]+)\] .*icmp_seq=(\d+) .*time=([\d.]+) ms/gm)].map(([, atS, sequence, time]) => ({ atMs: Number(atS) * 1_000, sequence: Number(sequence), rttMs: Number(time) }));
  const here = new Set(echoes.map(({ sequence }) => sequence));
  return {
    lost: Array.from({ length: count }, (_, index) => index + 1).filter((sequence) => !here.has(sequence)),
    sequences: echoes.map(({ sequence }) => sequence),
    rttsMs: echoes.map(({ rttMs }) => rttMs),
    // -D prints when each answer came.
    spanMs: Math.max(...echoes.map(({ atMs }) => atMs)) - Math.min(...echoes.map(({ atMs, rttMs }) => atMs - rttMs)),
  };
}

/** Runs side by side. A run begins when the machine has a core to spare, so that no run disturbs what another one measures. */
import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

/** The machine is looked at so often. */
const lookMs = 50;
/** A run that has just begun shows its load within this time. Its processes start then. */
const settleMs = 400;
/** The load of the machine is its mean over this time. The load average of the kernel takes a minute to follow (proc_loadavg(5)). */
const loadOverMs = 10_000;
/** A run begins below this part of the cores, so that with what it adds the load stays below their number. */
const fullPart = 0.9;
/** On a machine that never has a core to spare, runs begin at this distance. */
const onBusyMachineMs = 3_000;
/** Less free memory than this part of all, and no further run begins. */
const freePart = 1 / 8;

export interface Crowd {
  /** How many runs there were at the same time, at the most. */
  mostAtOnce: number;
  /** How many tasks had a core or waited for one, on average. This command and its runs are among them. */
  meanLoad: number;
}

/**
 * Does `work` for each piece, in their order, and resolves when all is done. A piece begins when the load of the last ten seconds is well below the number
 * of cores, and fewer tasks than half of the cores are runnable. So runs that wait are many, and runs that compute are few. On a machine that is busy with
 * something else a piece begins when no other one is at work, or three seconds after the last one. `atMost` limits how many are at work.
 * @throws what `work` throws, after the pieces that had begun have ended; no other piece begins then.
 */
export async function sideBySide<T>(pieces: readonly T[], { atMost = Infinity, signal, machine = thisMachine }: { atMost?: number; signal: AbortSignal; machine?: Machine }, work: (piece: T) => Promise<void>): Promise<Crowd> {
  const cores = availableParallelism();
  const atWork = new Set<Promise<void>>();
  const failed: unknown[] = [];
  const loads: number[] = [];
  let mostAtOnce = 0;
  // The number of looks before a piece began or ended, for the last one of each.
  let [begunAt, endedAt] = [-Infinity, -Infinity];
  let begunMs = performance.now();
  const hasSettledSince = (look: number): boolean => loads.length - look >= settleMs / lookMs;
  const loadAllows = (): boolean => {
    if (!hasSettledSince(begunAt)) return false;
    if (mean(loads.slice(-settleMs / lookMs)) < cores / 2) return mean(loads.slice(-loadOverMs / lookMs)) < fullPart * cores;
    // No piece is at work, and yet there is a load: the machine is busy with something else.
    return atWork.size === 0 && hasSettledSince(endedAt);
  };
  const isFree = (): boolean => (loadAllows() || performance.now() - begunMs >= onBusyMachineMs) && (atWork.size === 0 || machine.freeMemory() > freePart);
  const waiting = [...pieces];
  while (waiting.length > 0 && !signal.aborted && failed.length === 0) {
    if (atWork.size < atMost && isFree()) {
      const doing: Promise<void> = work(waiting.shift() as T)
        .catch((error: unknown) => { failed.push(error); })
        .finally(() => {
          atWork.delete(doing);
          endedAt = loads.length;
        });
      atWork.add(doing);
      mostAtOnce = Math.max(mostAtOnce, atWork.size);
      begunAt = loads.length;
      begunMs = performance.now();
    }
    await sleep(lookMs);
    loads.push(machine.runnable());
  }
  await Promise.all(atWork);
  if (failed.length > 0) throw failed[0];
  return { mostAtOnce, meanLoad: loads.length === 0 ? 0 : mean(loads) };
}

/** What is known of the load of a machine. */
export interface Machine {
  /** How many tasks have a core or wait for one, without the one that asks. */
  runnable(): number;
  /** The part of the memory that is free for a new process, from 0 to 1. */
  freeMemory(): number;
}

/** proc_stat(5), `procs_running`; proc_meminfo(5), `MemAvailable`. */
const thisMachine: Machine = {
  runnable: () => Math.max(numberIn('/proc/stat', 'procs_running') - 1, 0),
  freeMemory: () => numberIn('/proc/meminfo', 'MemAvailable:') / numberIn('/proc/meminfo', 'MemTotal:'),
};

function numberIn(file: string, name: string): number {
  return Number(new RegExp(`^${name} +(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1]);
}

function mean(numbers: readonly number[]): number {
  return numbers.reduce((sum, each) => sum + each, 0) / numbers.length;
}

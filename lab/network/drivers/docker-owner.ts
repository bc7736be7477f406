/**
 * The owner of a lab on docker: the process that made it. Its name is a label on all that the lab has on the engine. So another process can tell
 * a lab that is up from what a killed run has left, also before the first container runs.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** The label that has the owner as JSON. A lab by hand (`docker compose up`) has no such label. */
export const ownerLabel = 'failover-lab.owner';

export interface Owner {
  pid: number;
  /** The machine and the pid namespace in which `pid` means this process. */
  machine: string;
  /** When the process started, in the kernel's clock ticks since boot (proc_pid_stat(5)), or empty where there is no /proc. A pid alone may be given to another process later. */
  started: string;
  /** The words of the command line. */
  command: string;
}

/** Returns this process as an owner. */
export function thisProcess(): Owner {
  return { pid: process.pid, machine: thisMachine(), started: statOf(process.pid)?.started ?? '', command: ['lab', ...process.argv.slice(2)].join(' ').slice(0, 200) };
}

/** Returns the owner that a label names, or null for a text that no lab wrote. */
export function parseOwner(label: string | undefined): Owner | null {
  try {
    const { pid, machine, started, command } = JSON.parse(label ?? '') as Partial<Owner>;
    return typeof pid === 'number' && typeof machine === 'string' && typeof started === 'string' && typeof command === 'string' ? { pid, machine, started, command } : null;
  } catch {
    return null;
  }
}

/** Returns whether the owner still runs, or null if it runs on another machine or in another pid namespace, where this process cannot see it. */
export function isRunning({ pid, machine, started }: Owner): boolean | null {
  if (machine !== thisMachine()) return null;
  const stat = statOf(pid);
  if (stat) return stat.started === started && stat.state !== 'Z';
  try {
    process.kill(pid, 0);
    return started === '';
  } catch (error) {
    // EPERM: the process is there, and belongs to another user.
    return started === '' && (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function thisMachine(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return hostname();
  }
}

/** Returns the state and the start time of a process (fields 3 and 22 of proc_pid_stat(5)), or null if there is no such process, or no /proc. */
function statOf(pid: number): { state: string; started: string } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { state: fields[0] ?? '', started: fields[19] ?? '' };
  } catch {
    return null;
  }
}

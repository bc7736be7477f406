/** What may differ between machines so that their runs must not be mixed. */
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { MachineKind } from '../shards/result-lines.ts';

/** The kind of this machine. */
export function machineKind(driver: string): MachineKind {
  const { glibcVersionRuntime } = (process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } }).header;
  return { system: systemName(), kernel: release(), libc: glibcVersionRuntime === undefined ? 'no glibc' : `glibc ${glibcVersionRuntime}`, driver };
}

function systemName(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

/** Runs a program of a client to its end, within a limit. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { CommandResult, Host } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';
import { KeptOutput, longestPiece } from './kept-output.ts';

/** A builder writes some kilobytes. A program that writes without end must not fill the memory. */
const kept = { atStart: 1_000_000, atEnd: 10_000 };

/**
 * Starts a process of its own, and does not use `Host.run`: a container runs those commands one after the other in one shell, so a compiler that
 * hangs would keep the lab from every other command on that host.
 * @throws {LabError} TIME_LIMIT. The process is killed then; what it has started ends with the lab.
 */
export async function runProgram(host: Pick<Host, 'name' | 'start'>, argv: readonly string[], limitMs: number): Promise<CommandResult> {
  // Privileged as the commands of `Host.run` are: a client may need a route, or a folder of the lab.
  const process = await host.start(argv, { privileged: true, longestLine: longestPiece });
  const output = new KeptOutput(kept.atStart, kept.atEnd);
  process.onLine((line) => { output.add(line); });
  const over = new AbortController();
  const limit = sleep(limitMs, 'too late' as const, { signal: over.signal }).catch(() => 'too late' as const);
  const exit = await Promise.race([process.exited, limit]);
  over.abort();
  if (exit !== 'too late') return { exitCode: exit.code ?? 128, stdout: output.text, stderr: exit.stderr };
  await process.signal('SIGKILL').catch(() => undefined);
  throw new LabError('TIME_LIMIT', `\`${argv.join(' ')}\` on ${host.name} did not end within ${limitMs / 1_000} s. Run it by hand to see why.`);
}

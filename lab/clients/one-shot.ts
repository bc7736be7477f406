/** A client that is one process a request: any command. Its output is the body; a non-zero exit status is a failed request. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OneShot } from '../../client/external/profile.ts';
import type { Host } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';
import type { RequestResult } from '../../client/requester.ts';
import { timedOut, type Asked, type Asker } from './asker.ts';

/** What a shell says of a command that it cannot run (POSIX.1-2017, Shell and Utilities, 2.8.2). */
const cannotRun = [126, 127];

export function oneShotAsker(host: Pick<Host, 'start'>, name: string, program: OneShot): Asker {
  const running = new Set<() => Promise<void>>();
  const ask = async (asked: Asked): Promise<RequestResult> => {
    const process = await host.start(buildArgv(name, program, asked));
    const lines: string[] = [];
    process.onLine((line) => lines.push(line));
    // It may have ended in this moment, which is what is wanted.
    const kill = (): Promise<void> => process.signal('SIGKILL').catch(() => undefined);
    running.add(kill);
    const over = new AbortController();
    const limit = sleep(asked.limitMs, 'too late' as const, { signal: over.signal }).catch(() => 'too late' as const);
    const exit = await Promise.race([process.exited, limit]);
    over.abort();
    running.delete(kill);
    if (exit === 'too late') {
      await kill();
      return timedOut(asked.limitMs);
    }
    const { code, signal, stderr } = exit;
    if (code !== null && cannotRun.includes(code)) {
      throw new LabError('START_FAILED', `The client \`${name}\` could not be run: exit status ${code}${stderr ? `; it wrote: ${stderr}` : ''}.`);
    }
    if (code === 0) return { ok: true, ...(program.read ?? bodyAlone)(lines.join('\n')) };
    const how = signal ?? `exit status ${String(code)}`;
    const said = stderr.split('\n').at(-1)?.trim() ?? '';
    return { ok: false, error: said ? `${how}: ${said}` : how, causes: stderr === '' ? [] : [stderr] };
  };
  return {
    prepare: () => Promise.resolve(ask),
    stop: async () => {
      await Promise.all([...running].map((kill) => kill()));
    },
  };
}

/** @throws {LabError} NOT_SUPPORTED for a method that the command is not told. */
export function buildArgv(name: string, { argv }: OneShot, { method, url }: Pick<Asked, 'method' | 'url'>): string[] {
  if (method !== 'GET' && !argv.some((word) => word.includes('{method}'))) {
    throw new LabError('NOT_SUPPORTED', `The client \`${name}\` can only GET: it has no {method} among its words, and ${method} was asked for.`);
  }
  return argv.map((word) => word.replaceAll('{url}', url).replaceAll('{method}', method));
}

function bodyAlone(stdout: string): { status: null; body: string } {
  return { status: null, body: stdout };
}

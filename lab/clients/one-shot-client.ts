/** A one-shot client: a command that runs once for each request. Its output is the body. A non-zero exit status is a failed request. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OneShot } from '../../client/external/profile.ts';
import type { Host } from '../network/drivers/driver.ts';
import { LabError } from '../vocabulary/errors.ts';
import { excerpt } from '../vocabulary/printable.ts';
import type { RequestResult } from '../../client/requester.ts';
import { timedOut, type ClientRequest, type ExternalClient } from './external-request.ts';
import { KeptOutput, longestPiece } from './kept-output.ts';
import { folderHint } from './own-folder.ts';

/** Far more than the lab's servers send, and less than an event may hold, so that it is cut once. curl writes the status after the body. */
const kept = { atStart: 3_000, atEnd: 500 };
/** What a caller gets of the last line of stderr. `causes` has more. */
const longestError = 300;
/** The exit statuses of a command that could not be run (POSIX.1-2017, Shell and Utilities, 2.8.2). */
const cannotRun = [126, 127];

export function oneShotClient(host: Pick<Host, 'start'>, name: string, program: OneShot): ExternalClient {
  const running = new Set<() => Promise<void>>();
  const makeRequest = async (request: ClientRequest): Promise<RequestResult> => {
    const process = await host.start(buildArgv(name, program, request), { longestLine: longestPiece });
    const output = new KeptOutput(kept.atStart, kept.atEnd);
    process.onLine((line) => { output.add(line); });
    // The process may have ended by itself in this moment.
    const kill = (): Promise<void> => process.signal('SIGKILL').catch(() => undefined);
    running.add(kill);
    const over = new AbortController();
    const limit = sleep(request.limitMs, 'too late' as const, { signal: over.signal }).catch(() => 'too late' as const);
    const exit = await Promise.race([process.exited, limit]);
    over.abort();
    running.delete(kill);
    if (exit === 'too late') {
      await kill();
      return timedOut(request.limitMs);
    }
    const { code, signal, stderr } = exit;
    if (code !== null && cannotRun.includes(code)) {
      throw new LabError('START_FAILED', `The client \`${name}\` could not be run: exit status ${code}${stderr ? `; it wrote: ${stderr}` : ''}.${folderHint(program)}`);
    }
    if (code === 0) return { ok: true, ...(program.read ?? bodyAlone)(output.text) };
    const how = signal ?? `exit status ${String(code)}`;
    const said = excerpt(stderr.split('\n').at(-1)?.trim() ?? '', longestError);
    return { ok: false, error: said ? `${how}: ${said}` : how, causes: stderr === '' ? [] : [stderr] };
  };
  return {
    prepare: () => Promise.resolve({ request: makeRequest }),
    stop: async () => {
      await Promise.all([...running].map((kill) => kill()));
    },
  };
}

/** @throws {LabError} NOT_SUPPORTED for a method that the command cannot be told. */
export function buildArgv(name: string, { argv }: OneShot, { method, url }: Pick<ClientRequest, 'method' | 'url'>): string[] {
  if (method !== 'GET' && !argv.some((word) => word.includes('{method}'))) {
    throw new LabError('NOT_SUPPORTED', `The client \`${name}\` can only GET: the command has no {method} in it, and the scenario asks for ${method}. Put {method} where the command takes the method, as in curl -X {method} {url}.`);
  }
  return argv.map((word) => word.replaceAll('{url}', url).replaceAll('{method}', method));
}

function bodyAlone(stdout: string): { status: null; body: string } {
  return { status: null, body: stdout };
}

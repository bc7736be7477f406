/** Drives an external client, one that is not ours: the lab gives it the requests, tells of them on the timeline, and keeps the time. */
import type { ClientOptions } from '../../client/client-options.ts';
import type { Program } from '../../client/external/profile.ts';
import type { StartOptions } from '../network/drivers/driver.ts';
import { longestTimerMs } from '../vocabulary/values.ts';
import { longLivedClient } from './long-lived-client.ts';
import { oneShotClient } from './one-shot-client.ts';
import { folderVariables } from './own-folder.ts';
import { witnessed, type ClientContext, type StageClient } from './stage-client.ts';
import { withoutInherited } from './trust.ts';

/** The only options that a client that is not ours can be given: a new connection for each request, if need be by a new process; a time limit; and what the lab speaks, if the client can. */
export const optionsForAny = ['keepAlive', 'timeoutMs', 'scheme', 'http'] as const satisfies readonly (keyof ClientOptions)[];

/** A request without `timeoutMs` ends so long after the patience of the scenario. */
const afterPatienceMs = 3_000;
/** A client that keeps the limit itself gets so much more time, so that the client reports the timeout and not the lab. */
const graceMs = 1_000;

/** The lab's servers must be reached directly, so the proxies of the environment are taken away. */
const withoutProxies = [...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => ['-u', name, '-u', name.toUpperCase()])];

/** `patienceMs`: how long a scenario waits for a request that may never end. */
export async function startExternalClient(
  context: ClientContext, name: string, program: Program, { keepAlive, timeoutMs }: Pick<ClientOptions, (typeof optionsForAny)[number]>, patienceMs: number,
): Promise<Pick<StageClient, 'request' | 'stop'>> {
  const stays = !keepAlive && program.asked === 'over stdin' && program.newConnections ? { ...program, argv: [...program.argv, ...program.newConnections] } : null;
  const environment = [...withoutProxies, ...withoutInherited, ...folderVariables(program), ...Object.entries(program.variables ?? {}).map(([key, value]) => `${key}=${value}`)];
  const host = {
    start: (argv: readonly string[], options?: StartOptions) => context.externalHost.start(['env', ...environment, ...argv], { ...options, directory: context.folder }),
  };
  const client =
    program.asked === 'by arguments'
      ? oneShotClient(host, name, program)
      : await longLivedClient({ host, name, program: stays ?? program, freshProcess: !keepAlive && stays === null, onEvent: context.receive, onTrouble: (reason) => { context.reportTrouble(`the client \`${name}\``, reason); } });
  return {
    request: async (method, url = context.url) => {
      const prepared = await client.prepare();
      const number = context.nextNumber();
      if (prepared.notReadyMs !== undefined) context.record('client:not-ready', { waitedMs: prepared.notReadyMs });
      context.record('client:request', { request: number, method, url });
      // A one-shot client cannot be told its time limit, so the lab kills it when the limit is over.
      const limitMs = timeoutMs === null ? patienceMs + afterPatienceMs : program.asked === 'by arguments' ? timeoutMs : Math.min(timeoutMs + graceMs, longestTimerMs);
      const result = await prepared.request({ number, method, url, timeoutMs, limitMs });
      if (result.ok) context.record('client:response', { request: number, body: result.body.trimEnd(), ...(result.status === null ? {} : { status: result.status }) });
      else context.record('client:error', { request: number, code: result.error, causes: result.causes });
      return await witnessed(context, number, result);
    },
    stop: () => client.stop(),
  };
}

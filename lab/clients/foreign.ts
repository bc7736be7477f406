/** Drives a client that is not ours: the lab hands requests over, says so on the timeline, and keeps the time. */
import type { ClientOptions } from '../../client/client-options.ts';
import type { Program } from '../../client/external/profile.ts';
import type { Lab } from '../run/lab.ts';
import type { Method } from '../run/scenario.ts';
import { webUrl } from '../vocabulary/topology.ts';
import { longLivedAsker } from './long-lived.ts';
import { oneShotAsker } from './one-shot.ts';
import { answeredBy, type AddressedResult, type RequestNumbers } from './requests.ts';

/** The only options that any client can be given: a fresh process, and an end. */
export const optionsForAny = ['keepAlive', 'timeoutMs'] as const satisfies readonly (keyof ClientOptions)[];

/**
 * How long a request may take that nobody set a limit for. A kernel gives up on a silent address after 130 s or so; nobody would
 * wait for that, and `--set timeoutMs=` is there for who would.
 */
const patienceMs = 20_000;
/** A client that keeps the limit by itself is to be the first to say so. */
const graceMs = 1_000;

/** What the environment would send through a proxy goes to the lab's servers instead. */
const withoutProxies = ['env', ...['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'].flatMap((name) => ['-u', name, '-u', name.toUpperCase()])];

export interface ForeignClient {
  request(method: Method, url?: string): Promise<AddressedResult>;
  stop(): Promise<void>;
}

export async function startForeign(lab: Lab, name: string, program: Program, { keepAlive, timeoutMs }: Pick<ClientOptions, (typeof optionsForAny)[number]>, numbers: RequestNumbers): Promise<ForeignClient> {
  const host = lab.clientHost;
  const clean = { start: (argv: readonly string[]) => host.start([...withoutProxies, ...argv]) };
  const asker =
    program.asked === 'by arguments'
      ? oneShotAsker(clean, name, program)
      : await longLivedAsker({
          host: clean,
          name,
          program,
          freshProcess: !keepAlive,
          onEvent: (event) => { lab.timeline.receive('client', event); },
          onTrouble: (reason) => { lab.reportTrouble('client', `the client \`${name}\``, reason); },
        });
  return {
    request: async (method, url = webUrl) => {
      const ask = await asker.prepare();
      const request = numbers.next();
      lab.timeline.add('client', 'client:request', { request, method, url });
      // A process has nothing to say to its limit but to die of it.
      const limitMs = timeoutMs === null ? patienceMs : program.asked === 'by arguments' ? timeoutMs : timeoutMs + graceMs;
      const result = await ask({ request, method, url, timeoutMs, limitMs });
      if (result.ok) lab.timeline.add('client', 'client:response', { request, body: result.body.trimEnd(), ...(result.status === null ? {} : { status: result.status }) });
      else lab.timeline.add('client', 'client:error', { request, code: result.error, causes: result.causes });
      return answeredBy(result);
    },
    stop: () => asker.stop(),
  };
}

/**
 * A long-lived client: one process for all requests of a scenario. It speaks JSON lines on its stdin and stdout (docs/clients.md).
 *
 *   in   {"id":1,"method":"GET","url":"http://…","timeoutMs":1000}
 *   out  {"id":1,"status":200,"body":"…"}  or  {"id":1,"error":"…"}
 *        {"ready":true}                      once, when it can take requests
 *        {"event":"client:dns-start",…}      at any time, if the client traces itself
 */
import { LabError } from '../vocabulary/errors.ts';
import { timedOut, type ExternalClient, type PreparedClient } from './external-request.ts';
import { Speaker, type SpeakerOptions } from './speaker.ts';

/** Java and a browser need one or two seconds to start, and several on a busy machine. */
const readyLimitMs = 30_000;
/** Nobody knows whether a user's own command says that it is ready. One that never does costs this wait once in a run. */
const unknownReadyLimitMs = 2_000;

export interface LongLivedOptions extends SpeakerOptions {
  /** Whether each request gets a process of its own, so that no connection outlives a request. */
  freshProcess: boolean;
}

/** Starts the client's process, unless each request gets its own. @throws {LabError} if the process does not start. */
export async function longLivedClient(options: LongLivedOptions): Promise<ExternalClient> {
  const { name, program, freshProcess } = options;
  let shared: Promise<Speaker> | undefined;
  const live = new Set<Speaker>();
  /** Null as long as it is not known. */
  let saysReady: boolean | null = program.saysReady ? true : null;
  let notReadyMs: number | undefined;

  const start = async (): Promise<Speaker> => {
    const speaker = await Speaker.start(options);
    live.add(speaker);
    // Also a process that says it late has said it: the lab waits longer for the next one.
    speaker.ready.then(() => { saysReady = true; }, () => undefined);
    if (saysReady === false) return speaker;
    if (saysReady === null && (await speaker.isReadyWithin(unknownReadyLimitMs))) return speaker;
    // Another process of this client may have said it in the meantime.
    if (saysReady === null) {
      saysReady = false;
      notReadyMs = unknownReadyLimitMs;
      return speaker;
    }
    if (await speaker.isReadyWithin(readyLimitMs)) return speaker;
    throw new LabError('TIME_LIMIT', `Expected the client \`${name}\` to write {"ready":true} when it can take requests, got no such line within ${readyLimitMs} ms of its start. Start it by hand, to see what it waits for.`);
  };
  const end = async (speaker: Speaker): Promise<void> => {
    live.delete(speaker);
    await speaker.stop();
  };
  const client: ExternalClient = {
    prepare: async () => {
      const starting = freshProcess ? start() : (shared ??= start());
      const speaker = await starting;
      const prepared: PreparedClient = {
        request: async (request) => {
          const result = await speaker.request(request);
          if (result !== 'too late' && !freshProcess) return result;
          // The next request gets another process.
          if (shared === starting) shared = undefined;
          // Not awaited: the end of the process is not part of the request.
          void end(speaker);
          return result === 'too late' ? timedOut(request.limitMs) : result;
        },
        ...(notReadyMs === undefined ? {} : { notReadyMs }),
      };
      notReadyMs = undefined;
      return prepared;
    },
    stop: async () => {
      await Promise.all([...live].map(end));
    },
  };
  // If the process cannot be started, the run must fail before the scenario begins.
  if (!freshProcess) await (shared = start());
  return client;
}

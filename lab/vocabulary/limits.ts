/** Waiting that ends, by a time limit or an interruption, and work that is done one after the other. */
import { LabError } from './errors.ts';

/**
 * How long a scenario waits for a request that may never end, in ms, if the run does not say otherwise. glibc's resolver and undici's connect give up
 * after 10 s, and Go gives the first of two addresses 15 s, so this is longer. A kernel gives up a SYN only after some 130 s (tcp(7), tcp_syn_retries).
 */
export const usualPatienceMs = 17_000;

/**
 * Resolves with the result of `work`. `what` names it in the message.
 * @throws {LabError} TIME_LIMIT when `work` takes longer than the limit. The work itself goes on; the end of the lab ends it.
 */
export async function withinLimit<T>(what: string, limitMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => { reject(new LabError('TIME_LIMIT', `${what} did not end within ${limitMs} ms.`)); }, limitMs);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Runs `work` until `signal` aborts. The work itself goes on then, and its result is lost; the end of the lab ends it.
 * @throws {LabError} the reason of the signal if that is a LabError, otherwise INTERRUPTED.
 */
export async function unlessAborted<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  if (!signal) return await work();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => { reject(interruptionOf(signal)); };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  // Also for work that throws before it returns a promise.
  const working = (async () => await work())();
  working.catch(() => undefined);
  try {
    return await Promise.race([working, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** The error of work that was aborted. */
export function interruptionOf({ reason }: AbortSignal): LabError {
  return reason instanceof LabError ? reason : new LabError('INTERRUPTED', `Interrupted by ${String(reason)}.`);
}

/** Runs pieces of work one after the other, in the order in which they were asked for. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `work` does. A piece that fails does not keep the next one from its turn. */
  take<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(work);
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}

/** Waiting that ends: by a time limit, or by an interruption. */
import { LabError } from './errors.ts';

/** @throws {LabError} TIME_LIMIT when `work` takes longer; what it does goes on, and is ended by the lab's disposal. */
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

/** Runs `work` unless `signal` aborts first. @throws {LabError} INTERRUPTED then. */
export async function unlessAborted<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => { reject(new LabError('INTERRUPTED', `Interrupted by ${String(signal.reason)}.`)); };
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort);
  const working = work();
  working.catch(() => undefined);
  try {
    return await Promise.race([working, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

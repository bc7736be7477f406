/**
 * The end of a run, for a scenario that still waits for something. At that moment the lab goes away, and whatever was asked of it fails. Nobody
 * may be waiting for that answer: a scenario can have a request in flight while it waits for something else. Node ends the whole process for
 * an error that nobody awaits, and with it the runs beside this one.
 */

/**
 * Returns `value` so that no promise of it settles once `over` has aborted: a scenario that was cut short stays where it is. This holds for the
 * results of its functions, too, and for theirs. Before the end, an error may be awaited later than it happens.
 */
export function untilOver<T>(value: T, over: AbortSignal): T {
  return wrap(value, over) as T;
}

function wrap(value: unknown, over: AbortSignal): unknown {
  if (value instanceof Promise) return pendingOnceOver(value, over);
  if (typeof value === 'function') return (...args: unknown[]) => wrap(Reflect.apply(value, undefined, args), over);
  if (!hasFunctions(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, wrap(each, over)]));
}

function pendingOnceOver(promise: Promise<unknown>, over: AbortSignal): Promise<unknown> {
  const never = new Promise<never>(() => undefined);
  const wrapped = promise.then(
    (result) => (over.aborted ? never : wrap(result, over)),
    (error: unknown) => {
      if (over.aborted) return never;
      throw error;
    },
  );
  wrapped.catch(() => undefined);
  return wrapped;
}

/** Whether `value` is a record of functions, as a stage, a client or an applied fault is. Instances of classes stay as they are. */
function hasFunctions(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return false;
  return Object.values(value).some((each) => typeof each === 'function');
}

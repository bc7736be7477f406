/** One abort signal for the whole command: Ctrl-C and SIGTERM end it in order; a second one ends it at once. */
import { constants } from 'node:os';

let controller: AbortController | undefined;

export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  const created = new AbortController();
  controller = created;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // The kernel removes what is left when this process is gone.
      if (created.signal.aborted) process.exit(128 + constants.signals[signal]);
      created.abort(signal);
    });
  }
  return created.signal;
}

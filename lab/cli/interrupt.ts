/** The abort signal of the whole command. Ctrl-C, SIGTERM and SIGHUP end the command in order. A second signal ends it at once. */
import { constants } from 'node:os';

let controller: AbortController | undefined;

/** Returns the signal, always the same one. The first call installs the handlers. */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  const created = new AbortController();
  controller = created;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // No cleanup is needed here: a lab ends when the process that holds it is gone (docs/architecture.md).
      if (created.signal.aborted) process.exit(128 + constants.signals[signal]);
      created.abort(signal);
    });
  }
  return created.signal;
}

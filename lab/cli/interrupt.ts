/** The abort signal of the whole command. Ctrl-C, SIGTERM and SIGHUP end the command in order. A second signal ends it at once. */
import { constants } from 'node:os';

let controller: AbortController | undefined;

/** Returns the signal, always the same one. The first call installs the handlers. */
export function interruptSignal(): AbortSignal {
  if (controller) return controller.signal;
  controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => { interrupt(signal); });
  return controller.signal;
}

/**
 * Ends the command as a process signal does: in order if the command has asked for the abort signal and this is the first one, otherwise at once.
 * No cleanup is needed then: a lab ends when the process that holds it is gone (docs/architecture.md).
 */
export function interrupt(signal: NodeJS.Signals): void {
  if (!controller || controller.signal.aborted) process.exit(128 + constants.signals[signal]);
  controller.abort(signal);
}

/** The exit status of a command that a signal has ended, as a shell reports it: 128 and the signal's number. Null if no signal came. */
export function interruptedStatus(): number | null {
  return controller?.signal.aborted ? 128 + constants.signals[controller.signal.reason as NodeJS.Signals] : null;
}

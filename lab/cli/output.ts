/** What becomes of a command whose output cannot be written: its reader has gone, or the disk is full. */
import { interrupt, interruptedStatus } from './interrupt.ts';

/** The exit status of a command that did its work and could not print it: there is no verdict that anybody could read. */
const notPrinted = 3;

/** Call it once, before anything is written. */
export function watchOutput(): void {
  let isBroken = false;
  process.stdout.on('error', ({ code, message }: NodeJS.ErrnoException) => {
    // Each further write fails, too.
    if (isBroken) return;
    isBroken = true;
    // The reader closed the pipe (`lab run … | head`). The command ends as if SIGPIPE had come; a run still writes its files.
    if (code === 'EPIPE') interrupt('SIGPIPE');
    else console.error(`lab: Could not write to stdout: ${message}. Nothing more is printed. The command goes on; the files of a run will be complete in results/.`);
  });
  // Nothing is left where this could be told.
  process.stderr.on('error', () => undefined);
  process.on('exit', (status) => {
    if (isBroken && status < 128) process.exitCode = interruptedStatus() ?? notPrinted;
  });
}

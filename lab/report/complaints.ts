/** Short texts about one run, for commands that list many runs. */
import type { Journal } from '../run/journal.ts';

/** Returns the verdict of the run, or its status if it was not completed. */
export function wordOf({ verdict, status }: Journal): string {
  return status === 'completed' ? verdict : status;
}

/** Returns the checks that did not pass, the doubts and the error. The list is empty for a run that passed. */
export function complaintsOf({ checks, doubts, error }: Journal): string[] {
  return [...checks.filter(({ verdict }) => verdict !== 'pass').map(({ text, observed }) => `${text}: ${observed}`), ...doubts, ...(error === null ? [] : [error])];
}

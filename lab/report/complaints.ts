/** What is wrong with a run, for lists of many. */
import type { Journal } from '../run/journal.ts';

/** Its verdict, or how it went where it did not come to one. */
export function wordOf({ verdict, status }: Journal): string {
  return status === 'completed' ? verdict : status;
}

/** Nothing, of a run that passed. */
export function complaintsOf({ checks, doubts, error }: Journal): string[] {
  return [...checks.filter(({ verdict }) => verdict !== 'pass').map(({ text, observed }) => `${text}: ${observed}`), ...doubts, ...(error === null ? [] : [error])];
}

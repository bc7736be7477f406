/** Gives a command to the lab. */
import { signal } from '@preact/signals';
import type { Verb, Verbs } from '../messages.ts';
import { complaint, link } from './store.ts';

/** The commands that have no answer yet. */
export const waiting = signal(0);

/** Resolves with the result, or with null if the lab refused it: then the page says why. */
export async function act<Name extends Verb>(verb: Name, args: Verbs[Name]): Promise<string | null> {
  waiting.value += 1;
  complaint.value = '';
  try {
    const response = await fetch('/act', { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ verb, args }) });
    const { result, error } = (await response.json()) as { result?: string; error?: string };
    if (error === undefined) return result ?? '';
    complaint.value = error;
  } catch {
    complaint.value = link.value === 'down' ? 'The lab is down.' : 'The lab does not answer.';
  } finally {
    waiting.value -= 1;
  }
  return null;
}

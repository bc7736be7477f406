/** What an error says, with all the errors behind it. */
import { inspect } from 'node:util';

/** Returns the text of every error in the chain, outermost first: the members of an AggregateError, then its cause. */
export function causeChain(error: unknown): string[] {
  if (error === undefined) return [];
  if (!(error instanceof Error)) return [inspect(error)];
  const { code } = error as NodeJS.ErrnoException;
  const text = [error.name === 'Error' || error.message.startsWith(error.name) ? '' : error.name, error.message || code || ''].filter(Boolean).join(': ');
  const inner = error instanceof AggregateError ? (error.errors as unknown[]) : [];
  return [text, ...inner.flatMap(causeChain), ...causeChain(error.cause)];
}

/** Returns the code of the innermost error, which is the most specific one, or its name if it has no code. */
export function rootCode(error: unknown): string {
  if (!(error instanceof Error)) return inspect(error);
  const inner = error.cause === undefined ? '' : rootCode(error.cause);
  const { code } = error as { code?: unknown };
  // A DOMException has a legacy number as its code (23 for TimeoutError), so its name is used.
  return inner || (typeof code === 'string' ? code : '') || (error.cause === undefined ? error.name : '');
}

/** What every client's requests have in common: a number, and the address that answered. */
import type { RequestResult } from '../../client/requester.ts';

/** Requests are numbered over the whole run, so that two clients' events cannot be confused. */
export interface RequestNumbers {
  next(): number;
}

export type AddressedResult = RequestResult & { address: string | null };

/** Adds what the backend said it was reached at: S1's `Hello, World from <address>`. */
export function answeredBy(result: RequestResult): AddressedResult {
  return { ...result, address: result.ok ? (/Hello, World from (\S+)/.exec(result.body)?.[1] ?? null) : null };
}

/** What the tests expect of the options behind the name of a client. Each option has a case in which the client does something else without it. */
import type { ProfileName } from '../../client/external/index.ts';

/** What a request meets: backends that answer after 6 s, or with status 503, or not at all (packets are lost), or a closed port. */
export type Trouble = 'slow' | 'status 503' | 'silent' | 'refused';

/** One client with options, and what comes of one GET. */
export interface VariantCase {
  client: `${ProfileName}?${string}`;
  meets: Trouble;
  /** The error at the caller, with its causes. `answered` where there is none. */
  outcome: RegExp;
  /** How many requests the backends get. */
  requests: number;
}

export const variantCases: readonly VariantCase[] = [
  { client: 'axios?timeout=300', meets: 'slow', outcome: /^ECONNABORTED AxiosError: timeout of 300ms exceeded/, requests: 1 },
  { client: 'axios?adapter=fetch', meets: 'refused', outcome: /^ECONNREFUSED AxiosError: Network Error/, requests: 0 },
];

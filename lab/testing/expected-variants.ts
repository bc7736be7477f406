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
  { client: 'undici?connectTimeout=1000', meets: 'silent', outcome: /^UND_ERR_CONNECT_TIMEOUT .*timeout: 1000ms/, requests: 0 },
  { client: 'undici?headersTimeout=1000', meets: 'slow', outcome: /^UND_ERR_HEADERS_TIMEOUT /, requests: 1 },
  { client: 'undici-retry?maxRetries=1', meets: 'status 503', outcome: /^UND_ERR_REQ_RETRY /, requests: 2 },
  { client: 'axios?timeout=1000', meets: 'slow', outcome: /^ECONNABORTED AxiosError: timeout of 1000ms exceeded/, requests: 1 },
  { client: 'axios?adapter=fetch', meets: 'refused', outcome: /^ECONNREFUSED AxiosError: Network Error/, requests: 0 },
  { client: 'got?retry=0', meets: 'status 503', outcome: /^answered$/, requests: 1 },
  // A time limit that is over is an error, and got makes the GET again.
  { client: 'got?timeout=1000', meets: 'slow', outcome: /^ETIMEDOUT TimeoutError: Timeout awaiting 'request' for 1000ms/, requests: 3 },
  { client: 'ky?retry=0', meets: 'status 503', outcome: /^answered$/, requests: 1 },
  { client: 'ky?timeout=1000', meets: 'slow', outcome: /^TimeoutError /, requests: 1 },
  { client: 'ky?totalTimeout=1000', meets: 'slow', outcome: /^TimeoutError /, requests: 1 },
  { client: 'superagent?retry=1', meets: 'status 503', outcome: /^answered$/, requests: 2 },
  { client: 'superagent?timeout=1000', meets: 'slow', outcome: /^ECONNABORTED Error: Timeout of 1000ms exceeded/, requests: 1 },
  // A time limit that is over is an error, and urllib3 tries again: three times without a word about it.
  { client: 'python-urllib3?timeout=1', meets: 'slow', outcome: /^TimeoutError .*Read timed out/, requests: 4 },
  { client: 'python-urllib3?timeout=1&retries=1', meets: 'slow', outcome: /^TimeoutError .*Read timed out/, requests: 2 },
  { client: 'python-requests?timeout=1', meets: 'slow', outcome: /^TimeoutError ReadTimeout: /, requests: 1 },
  { client: 'python-requests?timeout=1&max_retries=1', meets: 'slow', outcome: /^TimeoutError .*Max retries exceeded/, requests: 2 },
  { client: 'python-httpx?timeout=10', meets: 'slow', outcome: /^answered$/, requests: 1 },
  { client: 'python-aiohttp?total=1', meets: 'slow', outcome: /^TimeoutError /, requests: 1 },
  { client: 'php-guzzle?timeout=1', meets: 'slow', outcome: /^Timeout was reached /, requests: 1 },
  { client: 'curl?connect-timeout=1', meets: 'silent', outcome: /^exit status 28: curl: \(28\) .*Timeout was reached/, requests: 0 },
  { client: 'curl?max-time=1', meets: 'slow', outcome: /^exit status 28: curl: \(28\) Operation timed out/, requests: 1 },
  { client: 'curl?retry=1', meets: 'status 503', outcome: /^answered$/, requests: 2 },
];

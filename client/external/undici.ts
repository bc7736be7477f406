/** undici from npm: alone, and with two of its interceptors. */
import { wholeNumber } from '../../lab/vocabulary/values.ts';
import { npmClient } from './npm.ts';
import type { Profile, VariantTable } from './profile.ts';
import { byVariable } from './tls.ts';

/** Pinned because each major version changes what Node's fetch does a year later: 8 brought HTTP/2 by default. */
const version = '8.13.1';

/** `words` tell the program which interceptor to use. */
function client(summary: string, words: readonly string[], variants: VariantTable = {}, timeouts?: string): Profile {
  return npmClient('undici', version, { summary, program: 'npm_undici.mjs', words, tls: byVariable('NODE_EXTRA_CA_CERTS', 'by default'), variants, ...(timeouts !== undefined && { timeouts }) });
}

export const undici = client("undici's request with its global agent", [], {
  connectTimeout: { kind: wholeNumber(), doc: 'how long connecting may take, in ms; without it 10 s' },
  headersTimeout: { kind: wholeNumber(), doc: 'how long the headers of a response may take, in ms; without it 300 s' },
}, 'connectTimeout=2000&headersTimeout=5000');
export const undiciRetry = client("undici's request with the interceptor `retry`", ['--retry'], { maxRetries: { kind: wholeNumber(), doc: 'how many times a request is made again; without it 5' } });
export const undiciDns = client("undici's request with the interceptor `dns`, which keeps answers and tries one address at a time", ['--dns']);

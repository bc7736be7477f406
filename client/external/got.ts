import { wholeNumber } from '../../lab/vocabulary/values.ts';
import { npmClient } from './npm.ts';
import { byVariable } from './tls.ts';

/** The version is pinned because got 16 replaced its HTTP/2 and its DNS cache, and a cell of the matrix must not change by itself. */
export const got = npmClient('got', '16.1.0', {
  summary: 'got, which makes a failed GET again by default',
  program: 'npm_got.mjs',
  tls: { ...byVariable('NODE_EXTRA_CA_CERTS', 'by option'), http2Words: ['--http2'] },
  timeouts: 'timeout=5000',
  variants: {
    retry: { kind: wholeNumber(), doc: 'how many times a request is made again (retry.limit); without it 2' },
    timeout: { kind: wholeNumber(1), doc: 'how long a request may take, in ms (timeout.request); without it there is no limit' },
  },
});

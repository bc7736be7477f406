import { wholeNumber } from '../../lab/vocabulary/values.ts';
import { npmClient } from './npm.ts';
import { byVariable } from './tls.ts';

/** The version is pinned because superagent decides itself whether connections are kept, and a cell of the matrix must not change by itself. */
export const superagent = npmClient('superagent', '10.4.2', {
  summary: 'superagent, which keeps no connection by default',
  program: 'npm_superagent.mjs',
  tls: { ...byVariable('NODE_EXTRA_CA_CERTS', 'by option'), http2Words: ['--http2'] },
  timeouts: 'timeout=5000',
  variants: {
    retry: { kind: wholeNumber(), doc: 'how many times a request is made again; without it never' },
    timeout: { kind: wholeNumber(1), doc: 'how long a request may take, in ms (timeout.deadline); without it there is no limit' },
  },
});

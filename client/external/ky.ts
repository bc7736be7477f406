import { wholeNumber } from '../../lab/vocabulary/values.ts';
import { npmClient } from './npm.ts';
import { byVariable } from './tls.ts';

/** The version is pinned because ky 2 changed its retries and time limits, and a cell of the matrix must not change by itself. */
export const ky = npmClient('ky', '2.1.0', {
  summary: "ky on Node's fetch, which makes a failed GET again by default",
  program: 'npm_ky.mjs',
  tls: byVariable('NODE_EXTRA_CA_CERTS', 'never'),
  timeouts: 'timeout=5000',
  variants: {
    retry: { kind: wholeNumber(), doc: 'how many times a request is made again; without it 2' },
    timeout: { kind: wholeNumber(1), doc: 'how long each attempt may take, in ms; without it 10 s' },
    totalTimeout: { kind: wholeNumber(1), doc: 'how long all attempts together may take, in ms; without it there is no limit' },
  },
});

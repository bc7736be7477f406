import { oneOf, wholeNumber } from '../../lab/vocabulary/values.ts';
import { npmClient } from './npm.ts';
import { byVariable } from './tls.ts';

/** The version is pinned because axios often changes its http adapter in minor releases, and a cell of the matrix must not change by itself. */
export const axios = npmClient('axios', '1.21.1', {
  summary: 'axios with its default instance',
  program: 'npm_axios.mjs',
  tls: byVariable('NODE_EXTRA_CA_CERTS', 'never'),
  timeouts: 'timeout=5000',
  variants: {
    timeout: { kind: wholeNumber(), doc: 'how long a request may take, in ms; without it there is no limit' },
    adapter: { kind: oneOf(['http', 'fetch']), doc: 'what makes the request, node:http or fetch; without it node:http' },
  },
});

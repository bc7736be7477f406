import { npmClient } from './npm.ts';
import { byVariable } from './tls.ts';

/** `node-fetch` is the name of the lab's own client, so this one is `npm-node-fetch`. The version is pinned because 3 is the last one, and most of its users have it. */
export const npmNodeFetch = npmClient('node-fetch', '3.3.2', {
  summary: 'the npm package node-fetch, on node:http with its global agent',
  program: 'npm_node_fetch.mjs',
  tls: byVariable('NODE_EXTRA_CA_CERTS', 'never'),
});

import { expect, test } from 'vitest';
import { clientAmong } from './matrix-runs.ts';

const found = [{ name: 'axios', version: '1.21.1' }, { name: 'got', version: null, reason: 'make clients install=1' }];

test.each([
  ['axios', { name: 'axios', version: '1.21.1' }],
  ['axios?timeout=0500', { name: 'axios?timeout=500', version: '1.21.1' }],
  ['got?retry=0', { name: 'got?retry=0', version: null, reason: 'make clients install=1' }],
  ['curl -sS {url}', { name: 'curl -sS {url}', version: 'a command' }],
  ['axios?of=tomorrow', { name: 'axios?of=tomorrow', version: null, reason: 'this lab does not know it' }],
])('%s is found as its client is', (name, client) => {
  expect(clientAmong(found, name)).toEqual(client);
});

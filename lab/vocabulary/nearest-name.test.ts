import { expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';

const known = ['requests', 'recoveryMs', 'returnMs', 'ok', 'requestsOnWire'];

test.each([
  ['recovery', 'recoveryMs'],
  ['RECOVERYMS', 'recoveryMs'],
  ['request', 'requests'],
  ['requestOnWire', 'requestsOnWire'],
  ['okay', undefined],
  ['o', 'ok'],
  ['ko', 'ok'],
  ['reqeusts', 'requests'],
  ['latency', undefined],
  ['', undefined],
  ['x'.repeat(5_000), undefined],
])('the name nearest to `%s` is %s', (name, nearest) => {
  expect(nearestName(name, known)).toBe(nearest);
});

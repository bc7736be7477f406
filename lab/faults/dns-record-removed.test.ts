import { expect, test } from 'vitest';
import { backendCount } from '../vocabulary/topology.ts';
import { queriesFor } from './dns-record-removed.ts';

test('with every number of backends, one is missing from all answers by chance as rarely as with three', () => {
  expect(queriesFor(3)).toBe(20);
  for (let backends = 3; backends <= backendCount.most; backends++) expect((1 - 2 / backends) ** queriesFor(backends), `${backends} backends`).toBeLessThanOrEqual((1 / 3) ** 20 * (1 + 1e-9));
});

/** The picture of the way of a request has each scenario, once. */
import { expect, test } from 'vitest';
import { scenarioNames } from './index.ts';
import { steps } from './steps.ts';

test('each scenario has one place in the steps of a request', () => {
  const placed = steps.flatMap(({ troubles }) => troubles.flatMap(({ scenarios }) => scenarios));
  expect(placed.toSorted()).toEqual([...scenarioNames].sort());
});

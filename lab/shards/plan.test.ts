import { expect, test } from 'vitest';
import { madeUpPlan } from '../testing/made-up-shards.ts';
import { idOf, parsePlan, partsOf, planHash, planText, rootHash, runsOfShard } from './plan.ts';

const plan = madeUpPlan();

test('a plan is read as it was written: one line for each run, and a hash that its layout does not change', () => {
  const text = planText(plan);
  expect(parsePlan(text, 'plan.json')).toEqual(plan);
  expect(text.split('\n').filter((line) => line.includes('first-silent/go/2'))).toEqual(['    {"id":"first-silent/go/2","shard":2}']);
  expect(planHash(parsePlan(JSON.stringify(JSON.parse(text)), 'plan.json'))).toBe(planHash(plan));
  expect(planHash({ ...plan, commit: 'other' })).not.toBe(planHash(plan));
  expect(rootHash({ ...plan, rerunOf: 'abc' })).toBe('abc');
  const other = { ...plan, runs: plan.runs.toReversed() };
  expect(planHash(other)).not.toBe(planHash(plan));
});

test('an id is taken apart again, also with a command as the client', () => {
  const parts = { name: 'first-silent', client: '/usr/bin/curl -sS {url}', seed: '3' };
  expect(idOf(parts)).toBe('first-silent//usr/bin/curl -sS {url}/3');
  expect(partsOf(idOf(parts))).toEqual(parts);
});

test('each run is in one shard', () => {
  expect([1, 2].flatMap((shard) => runsOfShard(plan, shard)).map(({ id }) => id).sort()).toEqual(plan.runs.map(({ id }) => id).sort());
});

test.each([
  ['nonsense', /^Expected plan\.json to be a plan, which `lab plan` writes, but it is not JSON: /],
  ['{}', /plan plan\.json/],
  [JSON.stringify({ ...plan, plan: 'parity' }), 'Expected `plan` of the plan plan.json to be one of matrix, soak, scenarios, got `parity`.'],
  [JSON.stringify({ ...plan, shards: 0 }), 'Expected `shards` of the plan plan.json to be 1 or more, got 0.'],
  [JSON.stringify({ ...plan, runs: [{ id: 'a', shard: 1 }] }), 'Expected `runs.0` of the plan plan.json to be a run with an id such as first-silent/curl/1, and a shard, 1 or more, got {"id":"a","shard":1}.'],
  [JSON.stringify({ ...plan, runs: [...plan.runs, { id: 'a/b/1', shard: 3 }] }), 'The plan plan.json has 2 shards, but its run a/b/1 belongs to shard 3. Make the plan again: lab plan.'],
  [JSON.stringify({ ...plan, runs: [...plan.runs, plan.runs[0]] }), 'The plan plan.json has the run first-refused/curl/1 more than once. Make the plan again: lab plan.'],
])('%.40s is refused', (text, message) => { expect(() => parsePlan(text, 'plan.json')).toThrow(message); });

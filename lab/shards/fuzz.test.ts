/** Shards that were killed at any byte, and files that were damaged: what was finished counts, what is missing is named, and nothing is invented. */
import { expect } from 'vitest';
import { fuzz } from '../testing/fuzz.ts';
import { madeUpHeader, madeUpLines, madeUpPlan, madeUpText } from '../testing/made-up-shards.ts';
import { LabError } from '../vocabulary/errors.ts';
import { merge } from './merge.ts';
import { runsOfShard } from './plan.ts';
import { readShardFile, shardFileName, type ResultLine } from './result-lines.ts';

const plan = madeUpPlan({ shards: 3, clients: ['curl', 'go', 'Grüße {url}'] });
const wholeTexts = [1, 2, 3].map((shard) => madeUpText(madeUpLines(plan, shard)));

/** Attempts at each shard, each of which was killed at some byte, until one comes to its end or nobody tries again. */
fuzz('shards that were killed, and went on', {
  inputs: 1_000,
  accepted: 10,
  make: (dice) => [1, 2, 3].flatMap((shard) => {
    const files: { path: string; bytes: Buffer }[] = [];
    const done = new Set<string>();
    for (let attempt = 1; dice.chance(70); attempt++) {
      const rest = runsOfShard(plan, shard).filter(({ id }) => !done.has(id));
      const lines: ResultLine[] = [
        madeUpHeader(plan, shard, { attempt }),
        ...rest.map(({ id }): ResultLine => ({ line: 'run', id, durationMs: 1, result: {} })),
        { line: 'end', planned: rest.length + done.size, made: rest.length, earlier: done.size, absent: 0, facts: {} },
      ];
      const whole = Buffer.from(madeUpText(lines));
      const bytes = dice.chance(50) ? whole : whole.subarray(0, dice.below(whole.length + 1));
      files.push({ path: shardFileName(shard, 3, attempt), bytes });
      const read = readShardFile([bytes.toString('utf8')], '');
      for (const { id } of read?.runs ?? []) done.add(id);
      if (read?.end) break;
    }
    return files;
  }),
  check: (files) => {
    const read = files.map(({ path, bytes }) => readShardFile([bytes.toString('utf8')], path)).filter((file) => file !== null);
    const { made, missing, duplicates } = merge([plan], read);
    expect(duplicates).toEqual([]);
    expect([...made, ...missing].map(({ id }) => id).sort()).toEqual(plan.runs.map(({ id }) => id).sort());
    // Counted in another way: each whole line has a line end, but for one that was cut exactly before it.
    const wholeLines = files.flatMap(({ bytes }) => bytes.toString('utf8').split('\n').filter((line) => line.startsWith('{"line":"run"') && line.endsWith('}}'))).length;
    expect(made).toHaveLength(wholeLines);
    return missing.length === 0;
  },
});

fuzz('damaged files of shards', {
  inputs: 1_000,
  accepted: 20,
  make: (dice) => wholeTexts.map((text) => dice.mutated(Buffer.from(text))),
  check: (files) => {
    const read = files.map((bytes, index) => readShardFile([bytes.toString('utf8')], `${index}`)).filter((file) => file !== null);
    try {
      const { made, missing, notes } = merge([plan], read);
      const known = new Set(plan.runs.map(({ id }) => id));
      for (const { id, durationMs } of made) {
        expect(known.has(id)).toBe(true);
        expect(Number.isFinite(durationMs)).toBe(true);
      }
      expect(new Set([...made, ...missing].map(({ id }) => id))).toEqual(known);
      // A line that was lost in a file that came to its end is never silent.
      if (read.some(({ runs, end }) => end !== null && runs.length < 4)) expect(notes.length + missing.length).toBeGreaterThan(0);
      return true;
    } catch (error) {
      if (!(error instanceof LabError)) throw error;
      return false;
    }
  },
});

import { expect, test } from 'vitest';
import { madeUpLines, madeUpPlan, madeUpText } from '../testing/made-up-shards.ts';
import { attemptsIn, readShardFile, runLinesOf, shardFileName } from './result-lines.ts';

const plan = madeUpPlan({ clients: ['curl', 'Grüße {url}'] });
const lines = madeUpLines(plan, 1);
const text = madeUpText(lines);

test('a file is read as it was written', () => {
  expect(readShardFile([text], 'x')).toEqual({ path: 'x', header: lines[0], runs: lines.slice(1, -1), absent: [], end: lines.at(-1), broken: [] });
});

test('pieces of any size are the same text', () => {
  for (const size of [1, 7, 1_000]) expect(readShardFile(text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [], 'x')).toEqual(readShardFile([text], 'x'));
});

test('cut at any byte, a file holds exactly the lines that were whole before the cut', () => {
  const bytes = Buffer.from(text);
  for (let at = 0; at <= bytes.length; at++) {
    const cut = bytes.subarray(0, at);
    // A line whose content is complete is whole also without the line end after it.
    const whole = lines.filter((_, index) => at >= Buffer.byteLength(madeUpText(lines.slice(0, index + 1))) - 1).length;
    const read = readShardFile([cut.toString('utf8')], 'x');
    if (whole === 0) expect(read).toBeNull();
    else expect([read?.header, ...(read?.runs ?? []), ...(read?.end ? [read.end] : [])]).toEqual(lines.slice(0, whole));
    const partial = at - Buffer.byteLength(madeUpText(lines.slice(0, whole)));
    expect(read?.broken ?? []).toEqual(whole > 0 && partial > 0 ? [whole + 1] : []);
  }
});

test('times are read also from several files one after another', () => {
  expect(runLinesOf([text, madeUpText(madeUpLines(plan, 2, { take: 1 }))])).toHaveLength(5);
});

test('the attempts at a shard, of all names in a folder', () => {
  const names = [shardFileName(3, 16, 10), shardFileName(3, 16, 2), '13-of-16.a7.jsonl', '3-of-8.a9.jsonl', '3-of-16.a1.jsonl.gz', 'latest'];
  expect(names[0]).toBe('3-of-16.a10.jsonl');
  expect(attemptsIn(names, 3, 16)).toEqual([2, 10]);
});

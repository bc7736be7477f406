/**
 * Measures the lab itself. It writes JSON to stdout and its progress to stderr. Nothing here passes or fails.
 *
 *   node bench/bench.ts [only=NAME] [against=COMMIT]
 */
import { availableParallelism, release } from 'node:os';
import { LabError, messageOf, unknownName } from '../lab/vocabulary/errors.ts';
import { readValue, text } from '../lab/vocabulary/values.ts';
import { catalogue } from './catalogue.ts';
import { dns } from './dns.ts';
import { docker } from './docker.ts';
import { usable } from './drivers.ts';
import { memory } from './memory.ts';
import { merge } from './merge.ts';
import { picture } from './picture.ts';
import { relay } from './relay.ts';
import { run } from './run.ts';
import { simulate } from './simulate.ts';
import { treesWith, type Trees } from './trees.ts';
import { workshop } from './workshop.ts';

const benchmarks: Record<string, (trees: Trees) => object | Promise<object>> = {
  run,
  picture,
  catalogue,
  dns,
  relay: async () => await relay(await usable('netns')),
  memory,
  simulate,
  merge,
  workshop,
  docker,
};

/** @throws {LabError} BAD_INPUT for a word that is no option, and for a benchmark or a commit that does not exist. */
async function measure(words: readonly string[]): Promise<object> {
  const options = new Map(words.map((word) => {
    const [name = '', ...value] = word.split('=');
    if (name !== 'only' && name !== 'against') throw unknownName('option', name, ['only', 'against']);
    return [name, readValue(text, value.join('='), name)];
  }));
  const only = options.get('only');
  if (only !== undefined && !Object.hasOwn(benchmarks, only)) throw unknownName('benchmark', only, Object.keys(benchmarks));
  using trees = treesWith(options.get('against') ?? null);
  const results: Record<string, object> = {};
  for (const [name, benchmark] of Object.entries(benchmarks)) {
    if (only !== undefined && only !== name) continue;
    try {
      results[name] = await benchmark(trees);
    } catch (error) {
      // One missing tool does not spoil the others.
      if (only !== undefined || !(error instanceof LabError)) throw error;
      results[name] = { notMeasured: error.message };
    }
  }
  return { machine: { cores: availableParallelism(), kernel: release(), node: process.version }, ...results };
}

try {
  console.log(JSON.stringify(await measure(process.argv.slice(2)), null, 2));
} catch (error) {
  console.error(`bench: ${error instanceof LabError ? error.message : error instanceof Error ? (error.stack ?? '') : messageOf(error)}`);
  process.exit(3);
}

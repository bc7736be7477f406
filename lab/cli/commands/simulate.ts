/** `lab simulate`: skew at a size that no laptop can run. */
import { writeFileSync } from 'node:fs';
import { comparisonLines, headLines, listLines, outcomeLines } from '../../skew/simulation/outcome-lines.ts';
import { outcomeOf, parametersOf, remedyNames } from '../../skew/simulation/outcome.ts';
import { readSupermarket, simulateSupermarket, supermarketMeanTime } from '../../skew/simulation/supermarket.ts';
import { svgPicture } from '../../skew/simulation/svg-picture.ts';
import { spreadOf } from '../../skew/simulation/figures.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { optionName, readSeed } from '../../vocabulary/options.ts';
import { readValue, wholeNumber } from '../../vocabulary/values.ts';

/** The parameters are among the flags, as words under their own names. */
export interface SimulateFlags {
  list?: boolean;
  preset?: string;
  remedy?: string;
  seed: string;
  seeds: string;
  svg?: string;
  json?: boolean;
}

/** Exit status: 0, or 3 where nothing was asked for. @throws {LabError} (exit status 3) for bad input, or where the picture cannot be written. */
export function simulate({ list, preset, remedy, seed, seeds, svg, json, ...words }: SimulateFlags): number {
  const given = Object.fromEntries(Object.entries(words).map(([key, word]) => [optionName(key), word]));
  if (list) {
    console.log(listLines().join('\n'));
    return 0;
  }
  if (preset === undefined && Object.keys(given).length === 0) {
    console.error(`Which preset? (lab simulate --preset …, or parameters: lab simulate --help)\n\n${listLines().join('\n')}`);
    return 3;
  }
  const asked = { seed: Number(readSeed(seed)), seeds: readValue(wholeNumber(1, 10_000), seeds, '--seeds') };
  if (preset === 'supermarket') {
    if (remedy !== undefined || svg !== undefined) throw new LabError('BAD_INPUT', 'The preset `supermarket` is about the time that requests take. It has no --remedy and no --svg: compare --choices 1 and --choices 2.');
    console.log(supermarketText(given, asked, json === true));
    return 0;
  }
  const { cause, remedied } = parametersOf({ preset: preset ?? null, remedies: remedy === undefined ? [] : remedy === 'all' ? remedyNames : [remedy], given });
  const outcome = outcomeOf(cause, asked);
  const remedies = remedied.map(({ name, parameters }) => ({ name, ...outcomeOf(parameters, asked) }));
  if (svg !== undefined) writePicture(svg, svgPicture([{ name: preset ?? 'without a preset', ...outcome }, ...remedies]));
  if (json) console.log(JSON.stringify({ preset: preset ?? null, seed: asked.seed, ...outcome, remedies }));
  else console.log([...headLines(preset ?? null, outcome, asked.seed), '', ...(remedies.length === 0 ? outcomeLines(outcome) : comparisonLines(outcome, remedies))].join('\n'));
  if (svg !== undefined && !json) console.log(`\n  picture: ${svg}`);
  return 0;
}

function writePicture(file: string, picture: string): void {
  try {
    writeFileSync(file, picture);
  } catch (error) {
    throw new LabError('BAD_INPUT', `Could not write the picture to \`${file}\`: ${messageOf(error)}. Give --svg a file that can be written.`);
  }
}

function supermarketText(given: Readonly<Record<string, unknown>>, { seed, seeds }: { seed: number; seeds: number }, json: boolean): string {
  const parameters = readSupermarket(given);
  const { utilisationPercent, choices, backends } = parameters;
  const runs = Array.from({ length: seeds }, (_, index) => simulateSupermarket(parameters, String(seed + index)));
  const formula = supermarketMeanTime(utilisationPercent / 100, choices);
  const spread = spreadOf(runs.map(({ meanTime }) => meanTime));
  const meanTime = spread?.mean ?? NaN;
  const longestQueue = Math.max(...runs.map((each) => each.longestQueue));
  if (json) return JSON.stringify({ preset: 'supermarket', seed, parameters, meanTime, longestQueue, formula, seeds: seeds === 1 ? null : { count: seeds, meanTime: spread } });
  return [
    `supermarket · each request joins ${choices === 1 ? 'a random queue' : `the shortest of ${choices} random queues`}`,
    `${backends} backends, ${utilisationPercent} % busy · seed ${seed}${seeds > 1 ? ` to ${seed + seeds - 1}` : ''}`,
    '',
    `  mean time of a request  ${meanTime.toFixed(3)} service times${spread !== null && seeds > 1 ? ` (${spread.min.toFixed(3)} to ${spread.max.toFixed(3)})` : ''}`,
    `  formula                 ${formula.toFixed(3)} for very many backends (Mitzenmacher 2001)`,
    `  longest queue           ${longestQueue} requests`,
  ].join('\n');
}

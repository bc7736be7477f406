/** Expectations: a team's own bounds on the findings, such as `--expect 'recoveryMs<2000'`. Any field of `findings` in journal.json can have one. */
import { check, type Check } from './checks.ts';
import { findingsOf, type Findings } from './findings.ts';
import { LabError } from '../vocabulary/errors.ts';
import { createTopology } from '../vocabulary/topology.ts';

/** A bound on one field of the findings. */
export interface Expectation {
  text: string;
  path: string[];
  operator: Operator;
  bound: unknown;
}

const operators = {
  '<=': ordered((value, bound) => value <= bound),
  '>=': ordered((value, bound) => value >= bound),
  '!=': (value, bound) => value !== bound,
  '==': (value, bound) => value === bound,
  '<': ordered((value, bound) => value < bound),
  '>': ordered((value, bound) => value > bound),
  '=': (value, bound) => value === bound,
} satisfies Record<string, (value: unknown, bound: unknown) => boolean>;
type Operator = keyof typeof operators;

/**
 * Parses an expectation: `requests.failed==0`, `attempts.0.outcome=refused`, `attempts.length<=3`, `fallbackDelayMs!=null`.
 * @throws {LabError} BAD_INPUT with the mistake, before anything is run.
 */
export function parseExpectation(text: string): Expectation {
  const match = /^\s*([\w.-]+)\s*(<=|>=|!=|==|<|>|=)\s*(.+?)\s*$/.exec(text);
  if (!match) throw new LabError('BAD_INPUT', `Expected --expect to be like \`recoveryMs<2000\` (a field of the findings, one of < <= == != >= >, a value), got \`${text}\`.`);
  const [, field = '', operator = '', word = ''] = match;
  const path = field.split('.');
  const known = findingsOf([], createTopology());
  let at: unknown = known;
  for (const [depth, key] of path.entries()) {
    // Before a run, arrays are empty and measurements are null, so nothing below them can be checked yet.
    if (Array.isArray(at) || at === null) break;
    if (typeof at !== 'object' || !Object.hasOwn(at, key)) {
      const owner = depth === 0 ? '`findings`' : `\`${path.slice(0, depth).join('.')}\``;
      throw new LabError('BAD_INPUT', `--expect \`${text}\`: ${owner} ${typeof at === 'object' ? `has no field \`${key}\`. It has: ${Object.keys(at).join(', ')}` : `is a value without fields`}.`);
    }
    at = (at as Record<string, unknown>)[key];
  }
  return { text: text.trim(), path, operator: operator as Operator, bound: valueOf(word) };
}

/**
 * Returns the check of an expectation. A field that was not measured (null) is not below or above any bound.
 * `recoveryMs==null` asks whether it was not measured.
 */
export function checkExpectation({ text, path, operator, bound }: Expectation, findings: Findings): Check {
  const value = path.reduce<unknown>((at, key) => (typeof at === 'object' && at !== null ? (at as Record<string, unknown>)[key] : undefined), findings);
  return check(`expected: ${text}`, operators[operator](value, bound), value === null || value === undefined ? `${path.join('.')} was not measured` : JSON.stringify(value));
}

/** The value of a bound: a number, true, false or null; otherwise a word, with or without quotes. */
function valueOf(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return word.replace(/^'(.*)'$/, '$1');
  }
}

/** Makes a comparison of two numbers. It is false if one of the values is not a number. */
function ordered(holds: (value: number, bound: number) => boolean): (value: unknown, bound: unknown) => boolean {
  return (value, bound) => typeof value === 'number' && typeof bound === 'number' && holds(value, bound);
}

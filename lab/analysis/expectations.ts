/**
 * Expectations: a team's own bounds on the findings, such as `--expect 'recoveryMs<2s'`. An expectation is a field of the findings, an operator,
 * and a value. It is checked against the schema of the findings before anything runs, so that a mistake is not taken for a bound that holds.
 */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { didYouMean } from '../vocabulary/nearest-name.ts';
import { printable } from '../vocabulary/printable.ts';
import { expectedOf, readValue } from '../vocabulary/values.ts';
import { check, type Check } from './checks.ts';
import { fieldBelow, findingsSchema, type Field } from './findings-schema.ts';
import type { Findings } from './findings.ts';
import { requestsBehind } from './requests-behind.ts';

/** A bound on one field of the findings. */
export interface Expectation {
  text: string;
  /** The names and indexes that lead to the field: `['attempts', '0', 'outcome']`. */
  path: string[];
  operator: Operator;
  bound: string | number | boolean | null;
}

const operators = {
  '<': ordered((value, bound) => value < bound),
  '<=': ordered((value, bound) => value <= bound),
  '==': (value, bound) => value === bound,
  '!=': (value, bound) => value !== bound,
  '>=': ordered((value, bound) => value >= bound),
  '>': ordered((value, bound) => value > bound),
  // Another way to write ==.
  '=': (value, bound) => value === bound,
} satisfies Record<string, (value: unknown, bound: unknown) => boolean>;
type Operator = keyof typeof operators;
const knownOperators = '< <= == != >= >';

/**
 * Parses an expectation on the findings that `schema` describes: `requests.failed==0`, `attempts.0.outcome==refused`, `attempts.length<=3`, `recoveryMs<2s`, `fallbackDelayMs!=null`.
 * @throws {LabError} BAD_INPUT with the mistake, the text, and a caret under the place of the mistake.
 */
export function parseExpectation(text: string, schema = findingsSchema): Expectation {
  const [, indent = '', name = '', gap = '', sign = '', space = '', word = ''] = /^(\s*)([^\s<>=!]*)(\s*)([<>=!]*)(\s*)([^]*)$/.exec(text.trimEnd()) ?? [];
  const nameAt = indent.length;
  const signAt = nameAt + name.length + gap.length;
  const wordAt = signAt + sign.length + space.length;
  const mistake = (at: number, message: string): LabError => new LabError('BAD_INPUT', `--expect: ${printable(message)}\n${pointAt(text, at)}`);

  const { field, mayBeNull } = findField(name, schema, (offset, message) => mistake(nameAt + offset, message));
  if (sign === '') throw mistake(signAt, `Expected an operator after \`${name}\`: ${knownOperators}. Put the expectation in quotes, because a shell takes < and > for itself.`);
  if (!isOperator(sign)) throw mistake(signAt, `Unknown operator \`${sign}\`. Known: ${knownOperators}.`);
  if (word === '') throw mistake(wordAt, `Expected a value after \`${sign}\`${'kind' in field ? `: ${expectedOf(field.kind)}` : ''}.`);
  const literal = readLiteral(word, (offset, message) => mistake(wordAt + offset, message));

  const hasOrder = !['==', '!=', '='].includes(sign);
  const expectation = { text: text.trim(), path: name.split('.'), operator: sign };
  if (literal === null && mayBeNull) {
    if (hasOrder) throw mistake(signAt, `Expected == or != before \`null\`, got \`${sign}\`. Nothing is less or more than null.`);
    return { ...expectation, bound: null };
  }
  if (!('kind' in field)) throw mistake(nameAt + name.length, `${partsOf(name, field)}${mayBeNull ? ` Or ask whether it was measured: ${name}!=null.` : ''}`);
  if (literal === null) throw mistake(wordAt, `\`${name}\` is never null. Expected ${expectedOf(field.kind)}.`);
  if (hasOrder && !field.isOrdered) throw mistake(signAt, `Expected == or != after \`${name}\`, got \`${sign}\`. Its values have no order.`);
  try {
    return { ...expectation, bound: readValue(field.kind, literal, name) as string | number | boolean };
  } catch (error) {
    throw mistake(wordAt, messageOf(error));
  }
}

/**
 * Returns the check of an expectation. A field that was not measured (null, or an entry that is not there) is inside no bound but `==null`. If
 * the expectation does not hold, the check names the requests behind the value.
 */
export function checkExpectation({ text, path, operator, bound }: Expectation, findings: Findings, events: readonly TimelineEvent[]): Check {
  const { value, seen } = look(path, findings);
  const holds = (value !== null || bound === null) && operators[operator](value, bound);
  const behind = holds ? [] : requestsBehind(path, findings, events);
  return check(`expected: ${text}`, holds, behind.length === 0 ? seen : `${seen}: ${someOf(behind)}`);
}

type Mistake = (offset: number, message: string) => LabError;

/** Follows the name through the schema of the findings. `mayBeNull`: the field, or one that it is part of, may have nothing to measure. */
function findField(name: string, schema: Field, mistake: Mistake): { field: Field; mayBeNull: boolean } {
  let field = schema;
  let mayBeNull = false;
  let offset = 0;
  for (const key of name.split('.')) {
    const below = fieldBelow(field, key);
    if (!below) throw mistake(offset, whyUnknown(offset === 0 ? 'The findings' : `\`${name.slice(0, offset - 1)}\``, field, key));
    field = below;
    mayBeNull ||= below.mayBeNull === true;
    offset += key.length + 1;
  }
  return { field, mayBeNull };
}

function whyUnknown(owner: string, field: Field, key: string): string {
  if ('kind' in field) return `${owner} is one value. It has no fields.`;
  if ('each' in field) return `${owner} is a list. Expected \`length\`, or the index of an entry (0, 1, 2 …), got \`${key}\`.`;
  if ('countsBy' in field) return `Expected ${expectedOf(field.countsBy)}, got \`${key}\`.`;
  const known = Object.keys(field.fields);
  const missing = key === '' ? `Expected the name of a field${owner === 'The findings' ? '' : ` of ${owner}`}.` : `${owner} ${owner === 'The findings' ? 'have' : 'has'} no field \`${key}\`.`;
  return `${missing} Known: ${known.join(', ')}.${didYouMean(key, known)}`;
}

/** Says how to name one value of a field that has several. */
function partsOf(name: string, field: Field): string {
  if ('fields' in field) return `\`${name}\` has several values. Name one of them: ${Object.keys(field.fields).map((key) => `${name}.${key}`).join(', ')}.`;
  return 'each' in field ? `\`${name}\` is a list. Name its length or one of its entries: ${name}.length, ${name}.0.` : `\`${name}\` has several values. Name one of them: ${name}.200.`;
}

/** Reads a value: a word, a text in quotes, or null without quotes. */
function readLiteral(word: string, mistake: Mistake): string | null {
  const [quote = ''] = /^['"]/.exec(word) ?? [];
  const end = quote === '' ? word.search(/[\s'"]/) : word.indexOf(quote, 1);
  if (quote === '' && end >= 0) throw mistake(end, 'Expected the end of the expectation. A unit stands directly after its number (2s). A text with blanks stands in quotes.');
  if (quote !== '' && end < 0) throw mistake(word.length, `Expected a closing ${quote}.`);
  if (quote !== '' && end < word.length - 1) throw mistake(end + 1, 'Expected the end of the expectation after the closing quote.');
  return quote === '' ? (word === 'null' ? null : word) : word.slice(1, -1);
}

/** The text on one line, and a caret under the character at `at`. A control character would break the line, so a `?` stands in its place. */
function pointAt(text: string, at: number): string {
  return `  ${text.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?')}\n  ${' '.repeat(Array.from(text.slice(0, at)).length)}^`;
}

/** Returns the value of the field at this path of the findings, and says what was seen: `251.3 ms`. Null if nothing was measured. */
export function look(path: readonly string[], findings: Findings): { value: unknown; seen: string } {
  let field: Field = findingsSchema;
  let value: unknown = findings;
  for (const [depth, key] of path.entries()) {
    const owner = path.slice(0, depth).join('.');
    if (value === null) return { value, seen: `${owner} is null (nothing to measure)` };
    if (Array.isArray(value) && key !== 'length' && Number(key) >= value.length) return { value: null, seen: `there is no ${owner}.${key}, ${owner}.length is ${value.length}` };
    const { unknown } = value as { unknown?: number };
    if ('countsBy' in field && unknown !== undefined && key !== 'unknown') return { value: null, seen: `the status of ${unknown} responses is not known` };
    value = (value as Record<string, unknown>)[key] ?? ('countsBy' in field ? 0 : null);
    field = fieldBelow(field, key) ?? field;
  }
  if (value === null) return { value, seen: `${path.join('.')} is null (nothing to measure)` };
  return { value, seen: `${JSON.stringify(value)}${'unit' in field ? ` ${field.unit ?? ''}` : ''}` };
}

/** A list of many requests would hide the other checks, and the journal has all of them. */
const shownRequests = 5;

function someOf(behind: readonly string[]): string {
  const left = behind.length - shownRequests;
  return `${behind.slice(0, shownRequests).join(', ')}${left > 0 ? `, and ${left} more` : ''}`;
}

function isOperator(sign: string): sign is Operator {
  return Object.hasOwn(operators, sign);
}

/** Makes a comparison of two numbers. The schema has seen to it that they are numbers. */
function ordered(holds: (value: number, bound: number) => boolean): (value: unknown, bound: unknown) => boolean {
  return (value, bound) => typeof value === 'number' && typeof bound === 'number' && holds(value, bound);
}

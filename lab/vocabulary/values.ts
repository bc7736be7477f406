/**
 * Values from outside the program: words of a command line, arguments of a command, lines of a process. This file says what a value must look
 * like, checks it, and writes the error message. valibot does the checking (https://valibot.dev); it loads in 2 to 4 ms.
 */
import * as v from 'valibot';
import { LabError } from './errors.ts';
import { didYouMean } from './nearest-name.ts';

/**
 * What a value must look like. A kind accepts the value itself and also the word that stands for it on a command line:
 * `200` and `'200'`, `true` and `'on'`.
 */
export type Kind<T> = v.GenericSchema<unknown, T>;

/** A whole number. Its unit is part of its name (`delayMs`). */
export function wholeNumber(min = 0, max = Number.MAX_SAFE_INTEGER): Kind<number> {
  const expected = max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`;
  const digits = v.pipe(v.string(), v.regex(/^\d+$/), v.transform(Number));
  return described(expected, v.pipe(v.union([v.number(), digits], expected), v.integer(expected), v.minValue(min, expected), v.maxValue(max, expected)));
}

/** The longest time that Node's timers can wait for: 2^31 - 1 ms, some 24 days. A timer with a longer time fires after 1 ms (Node's documentation, setTimeout). */
export const longestTimerMs = 2 ** 31 - 1;

const flagWords = new Map<unknown, boolean>([[true, true], ['on', true], [false, false], ['off', false]]);

/** `true` or `false`. */
export const flag: Kind<boolean> = described('on or off', v.pipe(v.unknown(), v.transform((value) => flagWords.get(value)), v.boolean('on or off')));

const truthWords = new Map<unknown, boolean>([[true, true], ['true', true], [false, false], ['false', false]]);

/** `true` or `false`, as they stand in JSON. */
export const trueOrFalse: Kind<boolean> = described('true or false', v.pipe(v.unknown(), v.transform((value) => truthWords.get(value)), v.boolean('true or false')));

/** A number, 0 or more: `3`, `0.05`, `1e-6`. */
export const number: Kind<number> = decimal('a number, 0 or more', /^\d+(\.\d+)?(e[+-]?\d+)?$/i, Number);

/** A time in ms. A word may have a unit: `250`, `250ms`, `2s`. */
export const milliseconds: Kind<number> = decimal('a time in ms or s, such as 250, 250ms or 2s', /^\d+(\.\d+)?(ms|s)?$/, (word) => Number(word.replace('ms', '').replace('s', 'e3')));

function decimal(expected: string, word: RegExp, numberOf: (word: string) => number): Kind<number> {
  return described(expected, v.pipe(v.union([v.number(), v.pipe(v.string(), v.regex(word), v.transform(numberOf))], expected), v.finite(expected), v.minValue(0, expected)));
}

/** Any text but the empty one. */
export const text: Kind<string> = described('a word', v.pipe(v.string('a word'), v.nonEmpty('a word')));

/** A text that passes a test, which `expected` describes. */
export function textThat(expected: string, holds: (text: string) => boolean): Kind<string> {
  return described(expected, v.pipe(v.string(expected), v.check(holds, expected)));
}

/** One of a few words or numbers. */
export function oneOf<const T extends string | number>(choices: readonly T[]): Kind<T> {
  const expected = `one of ${choices.join(', ')}`;
  return described(expected, v.pipe(v.unknown(), v.transform((value) => choices.find((choice) => choice === value || String(choice) === value)), v.custom<T>((choice) => choice !== undefined, expected)));
}

/** `null`, or a value of the kind. */
export function orNull<T>(kind: Kind<T>, expected = `${expectedOf(kind)}, or null`): Kind<T | null> {
  return described(expected, v.nullable(kind));
}

/** A list of values of the kind. */
export function listOf<T>(kind: Kind<T>): Kind<T[]> {
  const expected = `a list, each entry ${expectedOf(kind)}`;
  return described(expected, v.array(kind, expected));
}

/** An object that has some of these fields and no others. */
export function someOf<T extends object>(fields: { [Key in keyof T]: Kind<T[Key]> }): Kind<Partial<T>> {
  const expected = `an object with fields of: ${Object.keys(fields).join(', ')}`;
  return described(expected, v.partial(v.strictObject(fields as v.ObjectEntries, expected)) as unknown as Kind<Partial<T>>);
}

function described<T>(expected: string, kind: Kind<T>): Kind<T> {
  return v.pipe(kind, v.description(expected));
}

/** What a value of this kind looks like, in words: for help texts and messages. */
export function expectedOf(kind: Kind<unknown>): string {
  return v.getDescription(kind) ?? 'a value';
}

/** Whether a value is of this kind. */
export function accepts(kind: Kind<unknown>, value: unknown): boolean {
  return v.safeParse(kind, value).success;
}

/**
 * The value, where a word became what it stands for: `'200'` becomes `200`. `name` is the value's own name, empty for a whole object; `owner` says
 * whose value it is, for the message.
 * @throws {LabError} BAD_INPUT that names the value, what was expected, and what was seen.
 */
export function readValue<T>(kind: Kind<T>, value: unknown, name: string, owner?: string): T {
  const result = v.safeParse(kind, value, { abortEarly: true });
  if (result.success) return result.output;
  const { type, message, path } = result.issues[0];
  const keys = [name, ...(path ?? []).map(({ key }) => String(key))].filter((key) => key !== '');
  // With a path, a strict object complains of a field that it does not know.
  if (type === 'strict_object' && path) {
    const parent = keys.slice(0, -1).join('.');
    const known = message.replace(/^.*: /, '');
    const unknown = keys.at(-1) ?? '';
    throw new LabError('BAD_INPUT', `${parent ? `\`${parent}\`` : (owner ?? 'This')} has no \`${unknown}\`. ${known ? `It has: ${known}.` : 'It has none.'}${didYouMean(unknown, known.split(', '))}`);
  }
  // The value as it was given: valibot tells of it after its word was translated.
  const seen = (path ?? []).reduce<unknown>((at, { key }) => (at as Record<PropertyKey, unknown>)[key as PropertyKey], value);
  const where = keys.length === 0 ? (owner ?? 'the value') : `\`${keys.join('.')}\`${owner === undefined ? '' : ` of ${owner}`}`;
  throw new LabError('BAD_INPUT', `Expected ${where} to be ${message}, got ${typeof seen === 'string' ? `\`${seen}\`` : JSON.stringify(seen)}.`);
}

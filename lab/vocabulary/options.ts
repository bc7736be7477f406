/** Named options of faults and clients: one description serves the command line, the docs and the types. */
import { LabError } from './errors.ts';

export interface Option<T> {
  doc: string;
  default: T;
  /** What a value must look like, for the error message and the help. */
  expected: string;
  /** The value that `text` stands for, or undefined when it stands for none. */
  parse(text: string): T | undefined;
}

export type OptionTable = Record<string, Option<unknown>>;
export type OptionValues<Table extends OptionTable> = { [Key in keyof Table]: Table[Key]['default'] };

/** A whole number of some unit, which the option's name carries (`delayMs`). */
export function integer<T extends number | null>(defaultValue: T, min: number, doc: string, max = Number.MAX_SAFE_INTEGER): Option<T | number> {
  return {
    doc,
    default: defaultValue,
    expected: max === Number.MAX_SAFE_INTEGER ? `a whole number, ${min} or more` : `a whole number from ${min} to ${max}`,
    parse: (text) => (/^\d+$/.test(text) && Number(text) >= min && Number(text) <= max ? Number(text) : undefined),
  };
}

/** One of a few words. */
export function choice<const T extends string | number>(words: readonly T[], defaultValue: T, doc: string): Option<T> {
  return {
    doc,
    default: defaultValue,
    expected: `one of ${words.join(', ')}`,
    parse: (text) => words.find((word) => String(word) === text),
  };
}

/** A word of any kind. */
export function text(defaultValue: string, doc: string): Option<string> {
  return { doc, default: defaultValue, expected: 'a word', parse: (word) => (word === '' ? undefined : word) };
}

/** `on` or `off`. */
export function onOff(defaultValue: boolean, doc: string): Option<boolean> {
  return { doc, default: defaultValue, expected: 'on or off', parse: (text) => (text === 'on' ? true : text === 'off' ? false : undefined) };
}

/** Which way a fault acts, seen from the host it acts on: what goes `to` it, what comes `from` it, or both. */
export function direction(defaultValue: Direction, doc: string): Option<Direction> {
  return choice(['to', 'from', 'both'], defaultValue, doc);
}
export type Direction = 'to' | 'from' | 'both';

/** `0` for both families, as in getaddrinfo's hints. */
export function family(doc: string): Option<0 | 4 | 6> {
  return choice([0, 4, 6], 0, doc);
}

/**
 * Reads `given` against `table`.
 * @throws {LabError} BAD_INPUT naming the option, what was expected and what was seen.
 */
export function parseOptions<Table extends OptionTable>(
  table: Table,
  given: Readonly<Record<string, string>>,
  owner: string,
): OptionValues<Table> {
  const values = defaultsOf(table);
  for (const [key, text] of Object.entries(given)) {
    const option = Object.hasOwn(table, key) ? table[key] : undefined;
    if (option === undefined) {
      const known = Object.keys(table);
      throw new LabError(
        'BAD_INPUT',
        `${owner} has no option \`${key}\`. ${known.length > 0 ? `It has: ${known.join(', ')}.` : 'It has none.'}`,
      );
    }
    const value = option.parse(text);
    if (value === undefined) {
      throw new LabError('BAD_INPUT', `Expected the \`${key}\` option of ${owner} to be ${option.expected}, got \`${text}\`.`);
    }
    Object.assign(values, { [key]: value });
  }
  return values;
}

/** Every option's default. */
export function defaultsOf<Table extends OptionTable>(table: Table): OptionValues<Table> {
  return Object.fromEntries(Object.entries(table).map(([key, option]) => [key, option.default])) as OptionValues<Table>;
}

/**
 * Splits `family=6 delayMs=20` words into a record.
 * @throws {LabError} BAD_INPUT for a word without `=`.
 */
export function splitAssignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new LabError('BAD_INPUT', `Expected an option as key=value, got \`${word}\`.`);
      return [word.slice(0, at), word.slice(at + 1)];
    }),
  );
}

/**
 * A count on the command line.
 * @throws {LabError} BAD_INPUT naming the flag, what was expected and what was seen.
 */
export function wholeNumber(flag: string, text: string, min = 1): number {
  if (!/^\d+$/.test(text) || Number(text) < min) throw new LabError('BAD_INPUT', `Expected --${flag} to be a whole number, ${min} or more, got \`${text}\`.`);
  return Number(text);
}

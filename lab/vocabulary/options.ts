/** Named options of faults, clients and backends. One description of an option serves the command line, the documents and the types. */
import { LabError, nameIn } from './errors.ts';
import { resolverNames, type ResolverName } from './resolvers.ts';
import { backendCount } from './topology.ts';
import { expectedOf, flag, longestTimerMs, oneOf, orNull, readValue, someOf, text as anyText, wholeNumber, type Kind } from './values.ts';

export interface Option<T> {
  doc: string;
  default: T;
  kind: Kind<T>;
}

export type OptionTable = Record<string, Option<unknown>>;
export type OptionValues<Table extends OptionTable> = { [Key in keyof Table]: Table[Key]['default'] };

/** A whole number. Its unit is part of the option's name (`delayMs`). A default of `null` means that the option is not set. */
export function integer<T extends number | null>(defaultValue: T, min: number, doc: string, max?: number): Option<T | number> {
  const kind: Kind<number> = wholeNumber(min, max);
  // `null` cannot be written on a command line, so the help does not offer it.
  return { doc, default: defaultValue, kind: (defaultValue === null ? orNull(kind, expectedOf(kind)) : kind) as Kind<T | number> };
}

/** A time that ends with a timer. */
export function milliseconds<T extends number | null>(defaultValue: T, min: number, doc: string, max = longestTimerMs): Option<T | number> {
  return integer(defaultValue, min, doc, max);
}

/** One of a few words or numbers. */
export function choice<const T extends string | number>(words: readonly T[], defaultValue: T, doc: string): Option<T> {
  return { doc, default: defaultValue, kind: oneOf(words) };
}

/** A word of any kind. */
export function text(defaultValue: string, doc: string): Option<string> {
  return { doc, default: defaultValue, kind: anyText };
}

/** `on` or `off`. */
export function onOff(defaultValue: boolean, doc: string): Option<boolean> {
  return { doc, default: defaultValue, kind: flag };
}

/** The direction that a fault acts on, seen from its host: packets `to` the host, packets `from` it, or `both`. */
export function direction(defaultValue: Direction, doc: string): Option<Direction> {
  return choice(['to', 'from', 'both'], defaultValue, doc);
}
export type Direction = 'to' | 'from' | 'both';

/** `0` stands for both families, as in getaddrinfo's hints. */
export function family(doc: string): Option<0 | 4 | 6> {
  return choice([0, 4, 6], 0, doc);
}

/** Some of a table's options. */
export function changeOf<Table extends OptionTable>(table: Table): Kind<Partial<OptionValues<Table>>> {
  return someOf<OptionValues<Table>>(Object.fromEntries(Object.entries(table).map(([key, { kind }]) => [key, kind])) as unknown as { [Key in keyof OptionValues<Table>]: Kind<OptionValues<Table>[Key]> });
}

/**
 * Reads `given`, words or values, against `table`. An option that is not given has its default. `owner` is whose options they are, for the message.
 * @throws {LabError} BAD_INPUT that names the option, what was expected and what was seen.
 */
export function parseOptions<Table extends OptionTable>(table: Table, given: Readonly<Record<string, unknown>>, owner: string): OptionValues<Table> {
  return { ...defaultsOf(table), ...readValue(changeOf(table), given, '', owner) };
}

/** Every option's default. */
export function defaultsOf<Table extends OptionTable>(table: Table): OptionValues<Table> {
  return Object.fromEntries(Object.entries(table).map(([key, option]) => [key, option.default])) as OptionValues<Table>;
}

/** The name of an option as all tables have it, `delayMs`, for the form that many command lines have, `delay-ms`. */
export function optionName(word: string): string {
  return word.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The other form of an option's name: `delay-ms` for `delayMs`. */
export function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/**
 * Splits words like `family=6 delayMs=20` into a record. `delay-ms=20` is the same.
 * @throws {LabError} BAD_INPUT for a word without `=`.
 */
export function splitAssignments(words: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    words.map((word) => {
      const at = word.indexOf('=');
      if (at < 1) throw new LabError('BAD_INPUT', `Expected an option as key=value, got \`${word}\`.`);
      return [optionName(word.slice(0, at)), word.slice(at + 1)];
    }),
  );
}

/**
 * The number of backends of a lab from a command line.
 * @throws {LabError} BAD_INPUT for any other word.
 */
export function readBackends(word: string): number {
  return readValue(wholeNumber(backendCount.least, backendCount.most), word, '--backends');
}

/**
 * The name of a resolver from a command line.
 * @throws {LabError} BAD_INPUT for any other word.
 */
export function readResolver(word: string): ResolverName {
  return nameIn('resolver', word, resolverNames);
}

/**
 * A seed from a command line: a whole number, which the journal can repeat. `007` is the seed `7`.
 * @throws {LabError} BAD_INPUT for any other word.
 */
export function readSeed(word: string): string {
  return String(readValue(wholeNumber(), word, '--seed'));
}

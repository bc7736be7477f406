/** Options behind the name of a client, as its users set them: `axios?timeout=1000&adapter=fetch`. */
import type { Found, VariantTable } from '../../client/external/profile.ts';
import { LabError } from '../vocabulary/errors.ts';
import { readValue, someOf, type Kind } from '../vocabulary/values.ts';

/** The options that were given, in the order of the client's table. */
export type VariantOptions = Readonly<Record<string, string | number | boolean>>;

/**
 * Reads what stands behind the `?`, or null if there is none. `name` is the one name of this variant: the options in the order of the table, and each
 * value in one form. So the results of the same variant have the same name.
 * @throws {LabError} BAD_INPUT for an unknown option, a wrong value, an option without a value, and one that is given twice.
 */
export function parseVariant(base: string, { variants = {} }: { variants?: VariantTable }, query: string | null): { name: string; options: VariantOptions } {
  if (query === null) return { name: base, options: {} };
  if (Object.keys(variants).length === 0) throw new LabError('BAD_INPUT', `Expected the name \`${base}\` alone, because this client has no options. Got \`${base}?${query}\`.`);
  const given: Record<string, string> = {};
  for (const word of query.split('&')) {
    const at = word.indexOf('=');
    if (at < 1) throw new LabError('BAD_INPUT', `Expected options as key=value behind \`${base}?\`, with & between them, got \`${word}\`. It has: ${Object.keys(variants).join(', ')}.`);
    const key = word.slice(0, at);
    if (Object.hasOwn(given, key)) throw new LabError('BAD_INPUT', `\`${key}\` stands twice behind \`${base}?\`. Expected each option once.`);
    given[key] = word.slice(at + 1);
  }
  const kinds = Object.fromEntries(Object.entries(variants).map(([key, { kind }]): [string, Kind<string | number | boolean>] => [key, kind]));
  const read = readValue(someOf(kinds), given, '', `the client \`${base}\``);
  const options = Object.fromEntries(Object.keys(variants).flatMap((key) => (read[key] === undefined ? [] : [[key, read[key]]])));
  return { name: `${base}?${Object.entries(options).map(([key, value]) => `${key}=${wordFor(value)}`).join('&')}`, options };
}

function wordFor(value: string | number | boolean): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}

/** The client that was found, with these options on the command line of its program. */
export function withOptions(found: Found, options: VariantOptions): Found {
  if (Object.keys(options).length === 0) return found;
  const { program } = found;
  const words = program.asked === 'over stdin' ? [`--options=${JSON.stringify(options)}`] : Object.entries(options).flatMap(([key, value]) => [`--${key}`, wordFor(value)]);
  return { ...found, program: { ...program, argv: [...program.argv, ...words] } };
}

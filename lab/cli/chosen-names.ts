/** Lists of names on the command line. */
import { unknownName } from '../vocabulary/errors.ts';

/** Returns the names of a list, or all known ones for an empty list. @throws {LabError} BAD_INPUT for an unknown name; `what` says what it names. */
export function chosenNames<Name extends string>(text: string, known: readonly Name[], what: string): Name[] {
  const asked = wordsOf(text);
  const isKnown = (name: string): name is Name => (known as readonly string[]).includes(name);
  const strange = asked.find((name) => !isKnown(name));
  if (strange !== undefined) throw unknownName(what, strange, known);
  return asked.length === 0 ? [...known] : asked.filter(isKnown);
}

/** Splits a list of names at commas and blanks. */
export function wordsOf(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

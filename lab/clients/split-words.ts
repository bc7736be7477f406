/** Splits a command line into words as a shell does. The lab runs the command without a shell. */
import { LabError } from '../vocabulary/errors.ts';

/** Characters that only a shell can act on. */
const shellOnly = /[|&;<>()`$]/;

/**
 * Returns the words of `line`: `curl -H 'a: b' {url}` → `curl`, `-H`, `a: b`, `{url}`. Blanks separate words. Quotes and backslashes keep
 * blanks inside a word.
 * @throws {LabError} BAD_INPUT for an open quote, and for a character that needs a shell.
 */
export function splitWords(line: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < line.length; at++) {
    const character = line[at] ?? '';
    if (quote !== "'" && character === '\\' && at + 1 < line.length && (quote === '' || /["\\$`]/.test(line[at + 1] ?? ''))) {
      word = (word ?? '') + (line[++at] ?? '');
    } else if (character === quote) {
      quote = '';
    } else if (quote === '' && (character === "'" || character === '"')) {
      quote = character;
      word ??= '';
    } else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      const special = quote === '' ? shellOnly.test(character) : quote === '"' && /[`$]/.test(character);
      if (special) throw new LabError('BAD_INPUT', `Expected the client's command to do without a shell, got \`${character}\` in \`${line}\`. Put it in quotes, or run a shell: sh -c '…'.`);
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') throw new LabError('BAD_INPUT', `Expected a closing ${quote} in the client's command \`${line}\`.`);
  if (word !== undefined) words.push(word);
  return words;
}

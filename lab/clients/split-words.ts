/** A command line's words, split as a shell would; there is no shell. */
import { LabError } from '../vocabulary/errors.ts';

/** What only a shell could do with it. */
const shellOnly = /[|&;<>()`$]/;

/**
 * `curl -H 'a: b' {url}` → `curl`, `-H`, `a: b`, `{url}`: blanks separate, quotes and backslashes keep together.
 * @throws {LabError} BAD_INPUT for an open quote, and for what would need a shell.
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
      if (special) throw new LabError('BAD_INPUT', `Expected the client's command to do without a shell, got \`${character}\` in \`${line}\`. Quote it, or say sh -c '…'.`);
      word = (word ?? '') + character;
    }
  }
  if (quote !== '') throw new LabError('BAD_INPUT', `Expected a closing ${quote} in the client's command \`${line}\`.`);
  if (word !== undefined) words.push(word);
  return words;
}

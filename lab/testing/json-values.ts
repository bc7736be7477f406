/** Draws JSON values and lines, for fuzz tests of what processes say to each other. */
import type { Dice } from './fuzz.ts';

const oddTexts = ['', ' ', 'toString', '__proto__', 'constructor', 'on', 'off', '0', '-1', '1e9', 'NaN', 'a\u2028b', '\u0000', '\ud800', 'ünï', '%s', '../..', '127.0.0.1', '::1', '198.51.100.11', '2001:db8:1::11', '::ffff:1.2.3.4', 'fe80::1%eth0', 'x'.repeat(3_000)];
const oddNumbers = ['0', '1', '-1', '4', '6', '0.5', '1e3', '1e999', '-1e999', '9007199254740993', '4294967296', '1e-320'];

/** A JSON text. `words` are likely as texts and names. */
export function drawJson(dice: Dice, words: readonly string[], depth = 0): string {
  const text = (): string => JSON.stringify(dice.chance(70) ? dice.oneOf(words) : dice.oneOf(oddTexts));
  switch (dice.below(depth < 3 ? 9 : 5)) {
    case 0: return dice.oneOf(['null', 'true', 'false']);
    case 1: case 2: return dice.oneOf(oddNumbers);
    case 3: case 4: return text();
    case 5: case 6: return `[${dice.some(4, () => drawJson(dice, words, depth + 1)).join()}]`;
    // A name may come twice.
    default: return `{${dice.some(5, () => `${text()}:${drawJson(dice, words, depth + 1)}`).join()}}`;
  }
}

/** A line: JSON text, the JSON text of a likely message with mistakes, or no JSON at all. It has no line end. */
export function drawLine(dice: Dice, words: readonly string[], message: () => string): string {
  const line = dice.chance(60) ? message() : dice.chance(80) ? drawJson(dice, words) : dice.oneOf(['', '{', '[]', '\u0000', '['.repeat(20_000), `{"id":${'['.repeat(5_000)}${']'.repeat(5_000)}}`, dice.bytes(50).toString('latin1')]);
  return (dice.chance(10) ? dice.mutated(Buffer.from(line)).toString() : line).replace(/[\r\n]/g, ' ');
}

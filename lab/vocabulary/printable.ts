/**
 * Text from outside, in the form in which it may be shown. What a client, a server or a packet says reaches terminals, messages and files in
 * this form only: control characters are written out, so that no terminal obeys them, and long text is cut and says so.
 */

/** Control and format characters, line and paragraph separators, lone surrogates (the Unicode categories Cc, Cf, Zl, Zp, Cs). */
const notPrintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
/** A list of more texts than this is cut. */
const longestList = 100;

/** One line of text. Each character that is not printable is written as `\x1b` or `\u{202e}`. */
export function printable(text: string): string {
  return text.replace(notPrintable, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
  });
}

/** The same for text of several lines: line ends and tabs stay. */
export function printableLines(text: string): string {
  return text.replaceAll('\r\n', '\n').split(/([\n\t])/).map((part, index) => (index % 2 === 1 ? part : printable(part))).join('');
}

/** The first `longest` characters of a text. If the text is longer, the result says so. */
export function excerpt(text: string, longest: number): string {
  return text.length <= longest ? text : `${copyOf(text.slice(0, longest))} … (cut: ${longest} of ${text.length} characters)`;
}

/** The same text in memory of its own: V8 keeps the whole of a long string for a slice of it. */
export function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** A record in which every text, also in a list of texts, is printable and has at most `longest` characters. Other values stay. */
export function printableFields<T extends object>(record: T, longest: number): T {
  const shown = (text: string): string => printableLines(excerpt(text, longest));
  const fields = Object.entries(record).map(([field, value]: [string, unknown]) => {
    if (typeof value === 'string') return [field, shown(value)];
    if (!Array.isArray(value)) return [field, value];
    const list = value.slice(0, longestList).map((each: unknown) => (typeof each === 'string' ? shown(each) : each));
    return [field, value.length > longestList ? [...list, `… (cut: ${longestList} of ${value.length} texts)`] : list];
  });
  return Object.fromEntries(fields) as T;
}

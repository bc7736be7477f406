/** Reads the lines of a stream. */
import type { Readable } from 'node:stream';

/**
 * Calls `take` with each line, without its LF or CRLF; also with a last line that has none. A line that reaches `longest` characters comes in
 * pieces. Node's readline keeps a line of any length in memory, and also ends it at U+2028, which JSON may contain.
 */
export function readLines(stream: Readable, take: (line: string) => void, longest = Infinity): void {
  let rest = '';
  stream
    .setEncoding('utf8')
    .on('data', (chunk: string) => {
      let from = 0;
      for (let at = chunk.indexOf('\n'); at >= 0; at = chunk.indexOf('\n', from)) {
        take((rest + chunk.slice(from, at)).replace(/\r$/, ''));
        rest = '';
        from = at + 1;
      }
      rest += chunk.slice(from);
      if (rest.length >= longest) {
        take(rest);
        rest = '';
      }
    })
    .once('end', () => { if (rest !== '') take(rest); });
}

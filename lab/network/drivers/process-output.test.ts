import { once } from 'node:events';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from 'vitest';
import { readOutput } from './process-output.ts';

/** Reads a process' stdout that consists of `chunks`. Returns its lines after the pid. */
async function linesOf(chunks: Iterable<Buffer | string>, longest?: number): Promise<string[]> {
  const stdout = Readable.from(chunks, { objectMode: false });
  const lines: string[] = [];
  const output = readOutput('it', stdout, new PassThrough(), longest);
  output.onLine((line) => lines.push(line));
  await once(stdout, 'close');
  expect(await output.pid).toBe(7);
  return lines;
}

test('lines end with LF or CRLF, wherever the chunks are cut, and the last one may end with the stream', async () => {
  const bytes = Buffer.from('7\na\r\nbé\n\nc\u2028d\re');
  for (let at = 1; at < bytes.length; at++) expect(await linesOf([bytes.subarray(0, at), bytes.subarray(at)])).toEqual(['a', 'bé', '', 'c\u2028d\re']);
});

test('a line that is too long comes in pieces, and the next line is whole', async () => {
  expect(await linesOf(['7\n', 'a'.repeat(600), 'b'.repeat(600), 'c'.repeat(100), '\nnext\n'], 1_000)).toEqual(['a'.repeat(600) + 'b'.repeat(600), 'c'.repeat(100), 'next']);
});

test('200 MB without a line end are never kept in memory', async () => {
  const chunk = Buffer.alloc(100_000, 'a');
  let longest = 0;
  let characters = 0;
  const stdout = Readable.from((function* () { yield '7\n'; for (let count = 0; count < 2_000; count++) yield chunk; })(), { objectMode: false });
  readOutput('it', stdout, new PassThrough(), 1_000_000).onLine((line) => {
    longest = Math.max(longest, line.length);
    characters += line.length;
  });
  await once(stdout, 'close');
  expect(characters).toBe(200_000_000);
  expect(longest).toBeLessThanOrEqual(1_000_000 + chunk.length);
});

test('a stream that ends without a pid, or begins with something else, is a failed start', async () => {
  await expect(readOutput('`it`', Readable.from([]), new PassThrough()).pid).rejects.toThrow('Could not start `it`: it ended before it printed its pid.');
  await expect(readOutput('`it`', Readable.from(['\u001b[31mno such file\n'], { objectMode: false }), new PassThrough()).pid).rejects.toThrow('Could not start `it`: \\x1b[31mno such file.');
});

import { describe, expect, test } from 'vitest';
import { splitWords } from './split-words.ts';

describe('splitWords', () => {
  test.each([
    ['curl -sS {url}', ['curl', '-sS', '{url}']],
    ['  curl\t{url} ', ['curl', '{url}']],
    [`curl -H 'a: b "c"' {url}`, ['curl', '-H', 'a: b "c"', '{url}']],
    [`sh -c "curl -s '{url}' | cat"`, ['sh', '-c', `curl -s '{url}' | cat`]],
    [String.raw`a\ b "c\"d" 'e\f' "g\h"`, ['a b', 'c"d', String.raw`e\f`, String.raw`g\h`]],
    [`a '' ""`, ['a', '', '']],
    [`a'b'"c"d`, ['abcd']],
    ['', []],
  ])('%j → %j', (line, words) => {
    expect(splitWords(line)).toEqual(words);
  });

  test.each(['curl {url} | cat', 'curl {url}?a=1&b=2', 'echo $HOME', 'echo "$HOME"', 'echo `date`', 'curl {url} >out'])('%s needs a shell', (line) => {
    expect(() => splitWords(line)).toThrow(/^Expected the client's command to do without a shell, got `.` in /);
  });

  test.each([`curl 'http`, `curl "http`])('%s has an open quote', (line) => {
    expect(() => splitWords(line)).toThrow(/^Expected a closing ['"] in /);
  });
});

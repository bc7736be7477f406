import { expect, test } from 'vitest';
import { readResponse } from './ask-server.ts';
import { classIn, types, writeMessage, type Resource } from './message.ts';
import { addressBytes } from './records.ts';

const record = (name: string): Resource => ({ name, type: types.A, class: classIn, ttl: 60, write: (writer) => { writer.raw(addressBytes('198.51.100.11')); } });
const written = (names: readonly string[]): Buffer =>
  writeMessage({ id: 1, flags: 0x8000, question: { name: 'web.lab.test', type: types.A, class: classIn }, answers: names.map(record), authorities: [], additionals: [] });

test('a name that stands farther than a pointer reaches, 16 KiB, is written again', () => {
  // Each record has 16 bytes: a pointer, ten bytes up to the data, and the address.
  const names = [...Array.from({ length: 1_100 }, () => 'WEB.lab.test'), 'late.example', 'late.example', 'late.lab.test'];
  expect(readResponse(written(names)).answers.map(({ name }) => name)).toEqual(names.map((name) => name.replace('WEB', 'web')));
});

test.each(['x'.repeat(64), 'a..b', '.a'])('a name with a label that no message can hold is refused: %s', (name) => {
  expect(() => written([name])).toThrow(`Expected labels of 1 to 63 bytes in a name of DNS, got \`${name}\`.`);
});

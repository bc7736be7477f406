import { expect, test } from 'vitest';
import { parseClientLine, parseControlLine } from './json-lines.ts';

test('an event has the fields of the vocabulary and no others: a process cannot say when and where its event was', () => {
  const line = JSON.stringify({ event: 'client:request-sent', atMs: 1, request: 2, tMs: -5, host: 'backend-1', witness: 'fault', more: { text: '\u001b[31m' } });
  expect(parseClientLine(line)).toEqual({ event: 'client:request-sent', atMs: 1, request: 2 });
  expect(parseControlLine(line)).toEqual({ event: 'client:request-sent', atMs: 1, request: 2 });
});

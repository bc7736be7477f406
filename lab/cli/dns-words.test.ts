import { expect, test } from 'vitest';
import { parseDnsWords } from './dns-words.ts';

test.each([
  ['', 'policy', {}],
  ['aaaa on', 'aaaa', { on: 'on' }],
  ['aa off', 'aa', { on: 'off' }],
  ['ra on', 'ra', { on: 'on' }],
  ['soa off', 'soa', { on: 'off' }],
  ['truncate A 1', 'impair', { type: 'A', truncate: '1' }],
  ['truncate AAAA off', 'impair', { type: 'AAAA', truncate: null }],
  ['shuffle off', 'filter', { filter: 'shuffle', on: 'off' }],
  ['shuffle off A', 'filter', { filter: 'shuffle', on: 'off', type: 'A' }],
  ['selectFirst 1 AAAA', 'filter', { filter: 'selectFirst', on: true, n: '1', type: 'AAAA' }],
  ['selectFirst off', 'filter', { filter: 'selectFirst', on: false }],
  ['ttl 5', 'ttl', { seconds: '5' }],
  ['delay AAAA 200', 'impair', { type: 'AAAA', delayMs: '200' }],
  ['drop A on', 'impair', { type: 'A', drop: 'on' }],
  ['rcode A SERVFAIL', 'impair', { type: 'A', rcode: 'SERVFAIL' }],
  ['rcode A off', 'impair', { type: 'A', rcode: null }],
  ['record add web.lab.test A 198.51.100.14', 'record', { action: 'add', name: 'web.lab.test', type: 'A', address: '198.51.100.14' }],
])('lab dns %s', (words, command, args) => {
  const parsed = parseDnsWords(words.split(' ').filter(Boolean));
  expect(parsed.command).toBe(command);
  expect(JSON.parse(JSON.stringify(parsed.args))).toEqual(args);
});

test('the filters of a chain keep their order and their numbers', () => {
  expect(parseDnsWords(['chain', 'selectFirst 2', 'shuffle'])).toEqual({ command: 'chain', args: { links: ['selectFirst 2', 'shuffle'] } });
});

test('a switch that does not exist: the message names the one that was meant', () => {
  expect(() => parseDnsWords(['shufle', 'off'])).toThrow(/Did you mean `shuffle`\?$/);
  expect(() => parseDnsWords(['shuffle'])).not.toThrow(/Did you mean/);
});

test.each(['foo', 'aaaa', 'aaaa on please', 'shuffle off A AAAA', 'rcode A', 'delay A', 'truncate A', 'ra', 'record add web.lab.test A'])('lab dns %s is refused, and the message shows the usage', (words) => {
  expect(() => parseDnsWords(words.split(' '))).toThrow(/Not a DNS switch[\s\S]*lab dns aaaa on\|off/);
});

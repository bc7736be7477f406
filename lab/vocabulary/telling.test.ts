import { expect, test } from 'vitest';
import { phraseOf, plainText } from './telling.ts';
import { createTopology } from './topology.ts';

const { 'backend-1': backend } = createTopology().hosts;

test('the parts of a phrase have roles: address, request, error', () => {
  expect(phraseOf('client:connect-failed', { request: 2, connection: 1, address: backend.ipv4, port: 8080, family: 4, error: 'ECONNREFUSED' })).toEqual([
    { role: 'error', phrase: ['ECONNREFUSED'] }, ' ', { role: 'address', phrase: [backend.ipv4] }, ' ', { role: 'request', phrase: ['#2'] },
  ]);
  expect(plainText(phraseOf('client:response', { request: 1, status: 200, body: `Hello, World from ${backend.ipv6}` }))).toBe(`200 Hello, World from ${backend.ipv6} #1`);
});

test('a truncated answer shows the addresses that it has', () => {
  const answer = (addresses: string[]): string => plainText(phraseOf('wire:dns-response', { id: 1, name: '', type: 'A', transport: 'udp', address: '', localPort: 1, rcode: 'NOERROR', addresses, truncated: true }));
  expect([answer([]), answer([backend.ipv4])]).toEqual(['A → truncated', `A → truncated, with ${backend.ipv4}`]);
});

test('control characters from the network are shown as escapes', () => {
  const { text } = { text: plainText(phraseOf('dns:query', { id: 1, name: '\u001b[31mred', type: 'A', transport: 'udp', from: backend.ipv4, fromPort: 1 })) };
  expect(text).toBe('A? \\x1b[31mred');
});

test('a phrase is one line of bounded length: line ends of a body are written out, and a long body is cut, which the line says', () => {
  const bodyText = (body: string): string => plainText(phraseOf('client:response', { request: 1, body }));
  expect(bodyText('two\nlines')).toBe('answered: two\\x0alines #1');
  expect(bodyText('a'.repeat(4_000))).toBe(`answered: ${'a'.repeat(200)} … (cut: events.ndjson has more) #1`);
});

/** Without colours, as in all tests. */
import { expect, test } from 'vitest';
import { wrappedInline } from './inline-text.ts';

test('a line has 100 columns at most, and code stays on one line', () => {
  const command = "bin/lab run ipv6-refused --expect 'fallbackDelayMs<100' --client node-http";
  const lines = wrappedInline(`Some words that come before it, so that it does not fit: \`${command}\`, and *some others* after it. ${'word '.repeat(30)}`, 10);
  expect(lines.length).toBeGreaterThan(2);
  expect(lines.filter((line) => line.length > 90)).toEqual([]);
  expect(lines).toContainEqual(expect.stringContaining(`\`${command}\`,`) as string);
  expect(lines.join(' ')).toContain('and some others after it.');
});

test('code that is longer than a line has one of its own', () => {
  expect(wrappedInline(`See \`${'x'.repeat(120)}\` there`, 0)).toEqual(['See', `\`${'x'.repeat(120)}\``, 'there']);
});

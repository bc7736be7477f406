import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { namesIn } from './all-clients.ts';

test.each([
  ['go curl', ['go', 'curl']],
  ['go,curl , php', ['go', 'curl', 'php']],
  ['curl -sS --max-time 1 {url}', ['curl -sS --max-time 1 {url}']],
  ['./client.js --fast', ['./client.js --fast']],
])('the clients of %j', (value, names) => {
  expect(namesIn(value)).toEqual(names);
});

test('make passes a command as one word, and several behind a semicolon', () => {
  const shown = execFileSync('make', ['--dry-run', '--silent', 'all-clients', 'clients=curl -sS {url};wget -q {url}; go php', 'only=baseline'], { encoding: 'utf8', env: { PATH: process.env['PATH'] } });
  expect(shown).toContain("--clients 'curl -sS {url}' --clients 'wget -q {url}' --clients ' go php'");
});

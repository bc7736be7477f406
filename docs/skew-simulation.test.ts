/** Runs the simulations of docs/skew.md exactly as the page shows them, and holds the output that it shows against the real one. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const page = readFileSync('docs/skew.md', 'utf8');
const commands = [...page.matchAll(/^```\n([^]*?)^```/gm)].flatMap(([, block = '']) => block.split('\n')).filter((line) => line.startsWith('bin/lab simulate '));
const shown = [...page.matchAll(/^<!-- output of: (bin\/lab simulate .*) -->\n\n```\n([^]*?)^```/gm)].map(([, command = '', output = '']) => ({ command, output }));

const sh = (line: string) => spawnSync('sh', ['-c', line], { encoding: 'utf8', maxBuffer: 100_000_000, env: { ...process.env, NO_COLOR: '1' } });

test('docs/skew.md has the simulations that are tested here', () => {
  expect([commands.length > 8, shown.length > 0]).toEqual([true, true]);
});

test.each(commands)('%s', { timeout: 120_000 }, (line) => {
  const { status, stderr, stdout } = sh(line);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout.length).toBeGreaterThan(100);
});

test.each(shown)('the page shows the real output of $command', { timeout: 120_000 }, ({ command, output }) => {
  expect(sh(command).stdout).toBe(output);
});

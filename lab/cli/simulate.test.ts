/** `lab simulate` as a program: its output, its picture, its exit status. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { causes, remedies } from '../skew/simulation/presets.ts';
import type { Outcome } from '../skew/simulation/outcome.ts';
import { parameters } from '../skew/simulation/parameters.ts';
import { kebabCase } from '../vocabulary/options.ts';

function simulate(...words: string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('bin/lab', ['simulate', ...words], { encoding: 'utf8', maxBuffer: 100_000_000 });
  return { status, stdout, stderr };
}

test('--json prints the course, the figures and the parameters of the cause, and of each remedy', () => {
  const { status, stdout, stderr } = simulate('--preset', 'rolling-restart-once', '--remedy', 'round-robin', '--clients', '3000', '--backends', '10', '--seed', '7', '--seeds', '3', '--json');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const printed = JSON.parse(stdout) as { preset: string; seed: number; remedies: ({ name: string } & Outcome)[] } & Outcome;
  expect(printed).toMatchObject({ preset: 'rolling-restart-once', seed: 7, parameters: { clients: 3_000, backends: 10, restarts: 1 }, evenOutS: null, seeds: { count: 3, evenedOut: 0 } });
  expect(printed.peakOverFair).toBeGreaterThan(2);
  expect(printed.end).toHaveLength(10);
  for (const { overFair } of printed.samples) expect(overFair).toHaveLength(10);
  expect(printed.samples.map(({ atS }) => atS)).toEqual(Array.from({ length: 241 }, (_, index) => index * 60));
  expect(printed.remedies).toMatchObject([{ name: 'round-robin', parameters: { clients: 3_000, balance: 'round-robin' }, evenOutS: 0 }]);
});

test('the same seed prints the same, and options may be written as in the tables', () => {
  const words = ['--clients', '50', '--backends', '5', '--cache-clients', '10'];
  const { stdout } = simulate(...words);
  expect(simulate('--clients', '50', '--backends', '5', '--cacheClients', '10').stdout).toBe(stdout);
  expect(simulate(...words, '--seed', '2').stdout).not.toBe(stdout);
  expect(stdout).toContain('50 clients · 5 backends · 4 h · seed 1');
});

test('--remedy all has a line for each remedy', () => {
  const { status, stdout } = simulate('--preset', 'rolling-restart-once', '--remedy', 'all', '--clients', '1000', '--backends', '10');
  expect(status).toBe(0);
  for (const name of ['no remedy', ...Object.keys(remedies)]) expect(stdout).toMatch(new RegExp(`^  ${name} +\\d`, 'm'));
});

test('--list names every cause and remedy, and the help every parameter with its default', () => {
  const { stdout } = simulate('--list');
  for (const name of [...Object.keys(causes), 'supermarket', ...Object.keys(remedies)]) expect(stdout).toMatch(new RegExp(`^  ${name}  `, 'm'));
  const help = simulate('--help').stdout;
  for (const [key, { default: value }] of Object.entries(parameters)) {
    const line = help.replaceAll(/\n {10,}/g, ' ').split('\n').find((each) => each.includes(`--${kebabCase(key)} <value>`));
    expect(line).toContain(value === '' ? 'Empty: none' : `(default: ${value === false ? 'off' : String(value)})`);
  }
});

test('--svg writes a picture with a line for each backend and one for the fullest', () => {
  const folder = mkdtempSync(join(tmpdir(), 'picture-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  const file = join(folder, 'skew.svg');
  expect(simulate('--preset', 'pinning', '--svg', file)).toMatchObject({ status: 0, stdout: expect.stringContaining(file) as string });
  const picture = readFileSync(file, 'utf8');
  expect(picture).toMatch(/^<svg .*<\/svg>\n$/s);
  expect(picture.match(/<polyline /g)).toHaveLength(4);
});

test('the preset supermarket prints the mean time beside its formula', () => {
  const { status, stdout } = simulate('--preset', 'supermarket', '--backends', '100', '--service-times', '500', '--choices', '3', '--json');
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ parameters: { choices: 3 }, meanTime: expect.any(Number) as number, formula: expect.closeTo(2.028, 3) as number });
});

test.each([
  [['--clients', '0'], 'lab: Expected `clients` of the simulation to be a whole number from 1 to 10000000, got `0`.\n'],
  [['--backends', '3', '--returned', '4'], 'lab: Expected `returned` to be at most the number of backends, 3, got 4.\n'],
  [['--preset', 'rolling-restrat'], 'Did you mean `rolling-restart`?\n'],
  [['--preset', 'goaway'], 'lab: `goaway` is a remedy. Choose the cause that it is tried on: --preset rolling-restart-once --remedy goaway\n'],
  [['--preset', 'pinning', '--remedy', 'alll'], 'Did you mean `all`?\n'],
  [['--backnds', '3'], "(Did you mean --backends?)"],
  [['--preset', 'pinning', '--seeds', '0'], 'lab: Expected `--seeds` to be a whole number from 1 to 10000, got `0`.\n'],
  [['--preset', 'pinning', '--seed', 'x'], 'lab: Expected `--seed` to be a whole number, 0 or more, got `x`.\n'],
  [['--preset', 'pinning', '--svg', '/nonexistent/skew.svg'], 'lab: Could not write the picture to `/nonexistent/skew.svg`'],
  [['--preset', 'supermarket', '--returned', '2'], 'the preset `supermarket` has no `returned`.'],
  [['--preset', 'supermarket', '--utilisation-percent', '100'], 'to be a whole number from 1 to 99, got `100`.\n'],
  [['--preset', 'supermarket', '--remedy', 'p2c'], 'It has no --remedy and no --svg'],
  [[], 'Which preset?'],
])('%j ends with one message and exit status 3', (words, message) => {
  expect(simulate(...words)).toMatchObject({ status: 3, stdout: '', stderr: expect.stringContaining(message) as string });
});

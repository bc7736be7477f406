/** Runs the commands of docs/ci.md exactly as the page shows them, and holds its tables and its outputs against the code. */
import { spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseExpectation } from '../lab/analysis/expectations.ts';
import { findingsSchema } from '../lab/analysis/findings-schema.ts';
import { describeWith } from '../lab/testing/testing.ts';

/** The rest of the page, about containers, is tested by containers.test.ts. */
const [page = ''] = readFileSync('docs/ci.md', 'utf8').split('## In a container');
const blocks = [...page.matchAll(/^```\w*\n([^]*?)^```/gm)].map(([, block = '']) => block);
const commands = blocks.flatMap((block) => block.split('\n')).map((line) => line.trim()).filter((line) => /^(bin\/lab run|make scenario) /.test(line));
/** The blocks that show a command after `$` and what it prints. */
const shown = blocks.filter((block) => block.startsWith('$ ')).map((block) => {
  const [command = '', ...lines] = block.trimEnd().split('\n');
  return { command: command.slice(2), output: lines.join('\n') };
});

/** A folder like the one of a reader: the lab, and `./my-client`, a client of their own. Results are written into it. */
const folder = mkdtempSync(join(tmpdir(), 'ci-'));
afterAll(() => { rmSync(folder, { recursive: true }); });
for (const name of ['bin', 'Makefile', 'node_modules', 'package.json', 'package-lock.json']) symlinkSync(resolve(name), join(folder, name));
writeFileSync(join(folder, 'my-client'), '#!/bin/sh\nexec curl -sS --max-time 5 "$1"\n', { mode: 0o755 });

function run(command: string): SpawnSyncReturns<string> {
  return spawnSync('sh', ['-c', command], { cwd: folder, encoding: 'utf8' });
}

/** Output is part of the message of a test that fails. */
function expectStatus(command: string, expected: number): SpawnSyncReturns<string> {
  const ended = run(command);
  expect({ command, status: ended.status, ...(ended.status === expected ? {} : { stdout: ended.stdout, stderr: ended.stderr }) }).toEqual({ command, status: expected });
  return ended;
}

describe('docs/ci.md', () => {
  test('has the commands and outputs that are tested here', () => {
    expect(commands).toHaveLength(4);
    expect(commands.filter((command) => !command.includes('expect'))).toEqual([]);
    expect(shown.map(({ command }) => command.startsWith('bin/lab run '))).toEqual([true, true]);
  });

  const rows = [...page.matchAll(/^\| `([^`]+)` \| /gm)].map(([, expectation = '']) => expectation);
  test('has a table of expectations', () => { expect(rows.length).toBeGreaterThan(5); });
  test.each(rows)('%s is an expectation', (expectation) => { expect(parseExpectation(expectation).text).toBe(expectation); });

  test('docs/results.md, to which it links, describes every finding', () => {
    const section = readFileSync('docs/results.md', 'utf8').split('## Findings')[1]?.split('## Precision')[0] ?? '';
    expect([...section.matchAll(/^\| `(\w+)` \| /gm)].map(([, name = '']) => name)).toEqual(Object.keys(findingsSchema.fields));
  });
});

describeWith(['netns', 'curl'], 'the commands of docs/ci.md', () => {
  test.each(commands)('%s', { timeout: 60_000 }, (command) => {
    const { stdout } = expectStatus(command, 0);
    expect(stdout).toMatch(/✔ expected: /);
  });

  // `make` ends with its own status 2 for every failure.
  test.each(commands.slice(0, 2))('%s fails where a bound is broken', { timeout: 60_000 }, (command) => {
    const isMake = command.startsWith('make ');
    const broken = isMake ? command.replace(/expect='/, "expect='requests.sent==0 ") : `${command} --expect requests.sent==0`;
    expect(expectStatus(broken, isMake ? 2 : 1).stdout).toMatch(/✘ expected: requests\.sent==0 · [1-9]\d*: #1 /);
  });
});

describe('an output that docs/ci.md shows', () => {
  const [mistake] = shown;
  test(mistake?.command ?? 'none', () => {
    expect(expectStatus(mistake?.command ?? '', 3)).toMatchObject({ stdout: '', stderr: `${mistake?.output ?? ''}\n` });
  });
});

describeWith('netns', 'an output that docs/ci.md shows', () => {
  const [, broken] = shown;
  test(broken?.command ?? 'none', { timeout: 60_000 }, () => {
    expect(expectStatus(broken?.command ?? '', 1).stdout).toContain(broken?.output ?? 'an output');
  });
});

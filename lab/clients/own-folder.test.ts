/** A client runs in a folder of its own, and the relative paths of a user's command are those of the user's folder. */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runWith, twice } from '../testing/client-runs.ts';
import { describeWith } from '../testing/testing.ts';
import type { AddressedResult } from './stage-client.ts';

const before = process.cwd();
let folder = '';

beforeAll(() => {
  // A blank in its name must not matter.
  folder = mkdtempSync(join(tmpdir(), 'user folder-'));
  process.chdir(folder);
  writeFileSync('client.sh', '#!/bin/sh\necho "$1" >seen\necho "from $0"\n');
  chmodSync('client.sh', 0o755);
  mkdirSync('config');
  writeFileSync('config/word', 'configured\n');
  writeFileSync('stay.mjs', `import { readFileSync } from 'node:fs';
process.stdin.setEncoding('utf8').on('data', (line) => console.log(JSON.stringify({ id: JSON.parse(line).id, status: 200, body: [readFileSync(process.argv[2], 'utf8').trim(), process.cwd(), process.env.LAB_USER_FOLDER].join(' ') })));
console.log('{"ready":true}');\n`);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true });
});

const bodiesOf = (results: readonly AddressedResult[] | undefined): string[] => (results ?? []).map((result) => (result.ok ? result.body.trim() : `${result.error} ${result.causes.join()}`));

describeWith('netns', 'the folder of a client', () => {
  test('is empty at first, is the same for all requests of a run, and is gone after it; the user’s folder stays as it was', async () => {
    const files = readdirSync('.');
    const { data } = await runWith("sh -c 'pwd; ls; echo >request-$$; : {url}'", twice);
    const [first = '', second = ''] = bodiesOf(data);
    const [own = '', ...nothing] = first.split('\n');
    expect(own).not.toContain(folder);
    expect(nothing).toEqual([]);
    expect(second.split('\n')).toEqual([own, expect.stringMatching(/^request-\d+$/)]);
    expect(existsSync(own)).toBe(false);
    expect(bodiesOf((await runWith("sh -c 'ls; : {url}'", twice)).data)).toEqual(['', '']);
    expect(readdirSync('.')).toEqual(files);
  });

  describeWith('wget', 'with wget', () => {
    test('has its index.html, and not the user’s', async () => {
      const { journal, data } = await runWith('wget {url}', twice);
      expect(journal).toMatchObject({ status: 'completed', findings: { requests: { ok: 2 } } });
      expect(data?.every(({ address }) => /^198\.51\.100\.1[123]$/.test(address ?? ''))).toBe(true);
      expect(existsSync('index.html')).toBe(false);
    });
  });
});

describeWith('netns', 'a relative path in a command is a path from the user’s folder', () => {
  test.each([
    ['as its program', './client.sh {url}', (): string => `from ${folder}/client.sh`],
    ['as a word', 'sh client.sh {url}', (): string => `from ${folder}/client.sh`],
    ['below a folder', "sh -c 'cat \"$0\"; : $1' config/word {url}", (): string => 'configured'],
    ['in a script, by LAB_USER_FOLDER', `sh -c 'cat "$LAB_USER_FOLDER/config/word"; : {url}'`, (): string => 'configured'],
  ])('%s', async (_, client, body) => {
    expect(bodiesOf((await runWith(client, twice)).data)).toEqual([body(), body()]);
  });

  test('of a program that stays', async () => {
    const { journal, data } = await runWith(`${process.execPath} stay.mjs config/word`, twice);
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(bodiesOf(data)[0]).toMatch(new RegExp(`^configured (?!${folder})/\\S+ ${folder}$`));
  });

  test('unless no such file is there: an option, a name and the name of a program on the PATH stay as they are', async () => {
    writeFileSync('echo', '');
    const { data } = await runWith('echo -config config2 {url}', twice);
    expect(bodiesOf(data)).toEqual(Array(2).fill('-config config2 http://web.lab.test:8080/'));
  });

  test('that does not exist ends the run with a message that says where the client runs', async () => {
    const { journal } = await runWith(`${process.execPath} gone.mjs`, twice);
    expect(journal.error).toMatch(/gone\.mjs.*It ran in an empty folder of its own\. Its words that name files of \S* ?\S+ were made absolute; for other paths, \$LAB_USER_FOLDER is that folder\.$/s);
  });
});

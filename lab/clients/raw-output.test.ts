/** What a client writes is cut and written out before it reaches a terminal, a message or a file. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { startTerminalStory } from '../report/terminal-story.ts';
import { summaryLines } from '../report/summary.ts';
import { writeRunFiles } from '../report/run-files.ts';
import type { FinishedRun } from '../run/journal.ts';
import type { RunOptions } from '../run/run-scenario.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { plainText } from '../vocabulary/telling.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { runWith, speaker, twice } from '../testing/client-runs.ts';
import { describeWith } from '../testing/testing.ts';
import { KeptOutput } from './kept-output.ts';
import { runProgram } from './run-program.ts';

/** A terminal obeys the first three; the others change what a reader sees. In each place at most this many characters of a client are kept. */
const hostile = '\u001b[2J\u0007\u009b31m\u202e\r';
const keptCharacters = 6_000;
const notPrintable = /[^\n\t\P{C}]/u;

/** Everything that a run shows or writes, by its place. */
async function everyPlace(run: FinishedRun & { data: unknown }): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), 'raw-output-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  await writeRunFiles(run, folder);
  const story = (verbose: boolean): string => {
    const lines: string[] = [];
    const told = startTerminalStory({ topology: createTopology(), verbose, write: (line) => lines.push(line) });
    for (const event of run.events) told.tell(event, false);
    told.end();
    return lines.join('\n');
  };
  const file = (name: string): string => readFileSync(join(folder, 'latest', name), 'utf8');
  return {
    'the story': story(false),
    'the story with -v': story(true),
    'the summary': summaryLines(run.journal, null).map(plainText).join('\n'),
    // The texts of the files, as a reader of the JSON gets them.
    'journal.json': textsOf(JSON.parse(file('journal.json'))).join('\n'),
    'events.ndjson': file('events.ndjson').trim().split('\n').flatMap((line) => textsOf(JSON.parse(line) as TimelineEvent)).join('\n'),
    'the results that a scenario gets': textsOf(run.data).join('\n'),
  };
}

function textsOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

/** Runs a client that writes hostile text, and looks into every place. Returns the places that mention `shown`. */
async function placesThatShow(shown: string, client: string, options: Partial<RunOptions> = {}): Promise<string[]> {
  const places = await everyPlace(await runWith(client, twice, options));
  for (const [place, text] of Object.entries(places)) {
    expect(notPrintable.exec(text)?.[0], place).toBeUndefined();
    expect(Math.max(...text.split('\n').map((line) => line.length)), place).toBeLessThan(keptCharacters);
  }
  return Object.keys(places).filter((place) => places[place]?.includes(shown));
}

/** In ASCII, so that the client's own name is harmless. */
const inJs = `'${Array.from(hostile, (character) => `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}`).join('')}'`;
const everywhere = ['the story', 'the story with -v', 'journal.json', 'events.ndjson', 'the results that a scenario gets'];

describeWith('netns', 'control characters of a client are written out', () => {
  test.each<[what: string, shown: string, client: string, places: string[]]>([
    ['the output of a command', '\\x1b[2J\\x07\\x9b31m\\u{202e}\\x0d', `${process.execPath} --eval "console.log(${inJs.replaceAll('\\', '\\\\')}, '{url}')"`, everywhere.filter((place) => place !== 'journal.json')],
    ['the stderr of a command', '\\x1b[2J\\x07\\x9b31m\\u{202e}\\x0d', `${process.execPath} --eval "console.error(${inJs.replaceAll('\\', '\\\\')}, '{url}'); process.exit(1)"`, everywhere],
    ['a body', '\\x1b[2J', speaker(`say({ id, status: 200, body: ${inJs} })`), everywhere.filter((place) => place !== 'journal.json')],
    ['an error and its causes', '\\x1b[2J', speaker(`say({ id, error: ${inJs}, causes: [${inJs}] })`), everywhere],
    ['an event', '\\x1b[2J', speaker(`say({ event: 'client:dns-start', atMs: Number(process.hrtime.bigint()) / 1e6, request: id, lookup: 1, name: ${inJs}, family: 0, resolver: ${inJs} }); say({ id, status: 200 })`), ['the story', 'the story with -v', 'events.ndjson']],
    ['a line that is not of the protocol', '\\x1b[2J', speaker(`console.log(${inJs})`), ['the story', 'the story with -v', 'the summary', 'journal.json', 'events.ndjson']],
    ['the stderr of a client that ends', '\\x1b[2J', speaker(`console.error(${inJs}); process.exit(1)`), ['the story', 'the story with -v', 'the summary', 'journal.json', 'events.ndjson']],
  ])('%s', async (_, shown, client, places) => {
    expect(await placesThatShow(shown, client)).toEqual(places);
  });
});

/** In short lines, that takes a busy machine longer than a test may. */
const aLot = { oneLine: 200_000_000, lines: 20_000_000 };
/** No time limit of the lab should end these clients. */
const patient = { clientOptions: { timeoutMs: 100_000 } };
/** A command that writes that many characters, in one line or in lines of 79, and then ends as `then` says. */
const floodCommand = (stream: 'stdout' | 'stderr', lines: boolean, then: string): string => `sh -c "head -c ${lines ? aLot.lines : aLot.oneLine} /dev/zero | tr '\\\\0' a${lines ? ' | fold -w 79' : ''} ${stream === 'stderr' ? '>&2' : ''}; ${then}; : {url}"`;

describeWith('netns', 'a client that writes 200 MB', () => {
  test.each<[how: string, client: string, said: RegExp]>([
    ['as one line', floodCommand('stdout', false, 'exit 0'), /^a{3000} … \(cut: \d+ of 200000000 characters\) … a{500}$/],
    ['in short lines', floodCommand('stdout', true, 'exit 0'), new RegExp(`^(a{79}\n){37}a{40} … \\(cut: \\d+ of ${aLot.lines + Math.floor(aLot.lines / 79)} characters\\) … [a\n]{500}$`)],
  ])('%s to stdout has its body cut, and the body says so', { timeout: 120_000 }, async (_, client, said) => {
    const { journal, data } = await runWith(client, async ({ client: it }) => await it.get(), patient);
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data?.ok === true && data.body).toMatch(said);
  });

  test('to stderr has its error cut, and the error says so', { timeout: 120_000 }, async () => {
    const { journal, data } = await runWith(floodCommand('stderr', false, 'exit 1'), async ({ client: it }) => await it.get(), patient);
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data?.ok === false && data.causes).toEqual([expect.stringMatching(/^\(cut: the last \d+ of 200000000 characters\) a+$/)]);
  });

  test.each([
    ['a body', "say({ id, status: 200, body: 'a'.repeat(25e6) })", { ok: true, body: expect.stringMatching(/^a{4000} … \(cut: 4000 of 25000000 characters\)$/) as string }],
    ['an error', "say({ id, error: 'a'.repeat(25e6) })", { ok: false, error: expect.stringMatching(/^a{4000} … \(cut: 4000 of 25000000 characters\)$/) as string }],
  ])('in the protocol: %s is cut, and says so', { timeout: 120_000 }, async (_, script, result) => {
    const { journal, data } = await runWith(speaker(script), async ({ client: it }) => await it.get(), patient);
    expect(journal).toMatchObject({ status: 'completed', doubts: [] });
    expect(data).toMatchObject(result);
  });

  test.each([
    ['one line', "process.stdout.write('a'.repeat(200e6))", /got `a{200} … \(cut: 200 of \d+ characters\)`\. /],
    ['many lines', "process.stdout.write(('a'.repeat(79) + String.fromCharCode(10)).repeat(2.5e6))", /got `a{79}`\. /],
    ['many events', "for (let count = 0; count < 200000; count++) say({ event: 'client:request-sent', atMs: 1, request: id })", /to write at most 100000 events, got more\.$/],
  ])('beside the protocol, in %s, ends the run with one message', { timeout: 120_000 }, async (_, script, message) => {
    const { journal, events } = await runWith(speaker(script), twice);
    expect(journal).toMatchObject({ status: 'failed', error: expect.stringMatching(message) as string });
    expect(journal.doubts).toHaveLength(1);
    expect(events.filter(({ event }) => event === 'lab:process-trouble')).toHaveLength(1);
  });
});

test('a program that writes without end when it is asked for its version does not fill the memory', async () => {
  const { exited, ...rest } = { exited: Promise.resolve({ code: 0, signal: null, stderr: '' }), pid: 1, send: () => undefined, signal: () => Promise.resolve(), state: () => Promise.resolve(null) };
  const onLine = (listener: (line: string) => void): void => { for (let count = 0; count < 100; count++) listener('a'.repeat(100_000)); };
  const { stdout } = await runProgram({ name: 'client', start: () => Promise.resolve({ ...rest, exited, onLine }) }, ['java', '-version'], 1_000);
  expect(stdout.length).toBeLessThan(1_020_000);
  expect(stdout).toMatch(/ … \(cut: 8990000 of 10000000 characters\) … a+$/);
});

test('of an output the beginning and the end are kept, and the whole if it is short', () => {
  const kept = (lines: readonly string[]): string => {
    const output = new KeptOutput(3_000, 500);
    for (const line of lines) output.add(line);
    return output.text;
  };
  expect(kept([])).toBe('');
  expect(kept(['', 'a', '', '200'])).toBe('\na\n\n200');
  const whole = Array.from({ length: 35 }, () => 'b'.repeat(99));
  expect(kept(whole)).toBe(whole.join('\n'));
  // Two pieces of a long line.
  expect(kept(['d'.repeat(70_000), 'd', 'e'])).toBe(`${'d'.repeat(3_000)} … (cut: 66503 of 70003 characters) … ${'d'.repeat(498)}\ne`);
  expect(kept(['c'.repeat(10_000), '200'])).toBe(`${'c'.repeat(3_000)} … (cut: 6504 of 10004 characters) … ${'c'.repeat(496)}\n200`);
});

/**
 * The lessons: their texts and their numbers, the commands in them, and `lab lesson` as somebody types it. That a run is the option that a lesson says is
 * tested where the scenarios run with our clients, curl and Go (lab/testing/scenario-runs.ts, scenarios/any-client.test.ts): they ask lab/testing/lesson-claims.ts.
 */
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import { findingsOf } from '../lab/analysis/findings.ts';
import { ownClientNames } from '../lab/clients/index.ts';
import { partsOf } from '../lab/lessons/inline.ts';
import { judgeLesson } from '../lab/lessons/judge.ts';
import type { Lesson } from '../lab/lessons/lesson.ts';
import { cardsPage } from '../lab/report/lesson-cards.ts';
import { lessonFile, readLessons } from '../lab/report/read-lessons.ts';
import type { Scenario } from '../lab/run/scenario.ts';
import { changeOf, testedClients } from '../lab/testing/lesson-claims.ts';
import { numberProblems } from '../lab/testing/lesson-numbers.ts';
import { describeWith } from '../lab/testing/testing.ts';
import { createTopology } from '../lab/vocabulary/topology.ts';
import { runnableNames, scenarioNamed, scenarioNames } from '../scenarios/index.ts';

const lessons = readLessons();
const byNumber = lessons.map((lesson): [string, Lesson] => [`${lesson.number} ${lesson.title}`, lesson]);
const scenario = (name: string): Scenario => scenarioNamed(name) as Scenario;
/** Every run leaves a capture, so no scenario reproduces this one. */
const ofEveryRun = 'S16';

test('the lessons are numbered from 1 without a gap, and there are twelve or more', () => {
  expect(lessons.map(({ number }) => number)).toEqual(lessons.map((_, index) => index + 1));
  expect(lessons.length).toBeGreaterThanOrEqual(12);
});

test('each observation from S1 to S18 has a lesson', () => {
  const taught = new Set(lessons.flatMap(({ observations }) => observations));
  expect(Array.from({ length: 18 }, (_, index) => `S${index + 1}`).filter((each) => !taught.has(each))).toEqual([]);
});

test('the right options are not all behind the same letter', () => {
  const letters = [...Map.groupBy(lessons, ({ answer }) => answer).values()].map((each) => each.length);
  expect(Math.max(...letters)).toBeLessThanOrEqual(lessons.length / 2);
});

describe.each(byNumber)('%s', (_, lesson) => {
  const { scenario: name, observations, title, options, question } = lesson;
  const change = changeOf(lesson);

  test('names scenarios and a client that exist, and observations that these scenarios reproduce', () => {
    expect([name, change.scenario].filter((each) => !runnableNames.includes(each))).toEqual([]);
    const reproduced = [name, change.scenario].flatMap((each) => scenario(each).reproduces ?? []);
    expect(observations.filter((each) => each !== ofEveryRun && !reproduced.includes(each))).toEqual([]);
  });

  test('its command has a claim, and a test runs it', () => {
    expect(change.expectations.length).toBeGreaterThan(0);
    // Those with other options than a client run below.
    if (change.others.length > 0) return;
    expect([...ownClientNames, ...testedClients]).toContain(change.client);
    if ((testedClients as readonly string[]).includes(change.client)) expect(scenarioNames).toContain(change.scenario);
  });

  test('each number in its text fits a bound that a run keeps, is set by the scenario, or has a source', () => {
    expect(numberProblems(lesson, [name, change.scenario].map(scenario), change.expectations)).toEqual([]);
  });

  test('no option holds for a client that does nothing and says that it was answered', () => {
    const nothing = { ms: 5, backend: null, status: null, error: null, lookups: 0, attempts: 0, sent: 0 };
    const findings = { ...findingsOf([], createTopology()), requests: { sent: 300, ok: 300, failed: 0 }, byRequest: Array.from({ length: 300 }, () => nothing) };
    expect(judgeLesson(lesson, findings).options.filter(({ holds }) => holds).map(({ option: { letter } }) => letter)).toEqual([]);
  });

  test('the commands and the files in its text exist', () => {
    const parts = partsOf(readFileSync(lessonFile(lesson), 'utf8').replace(/^- Scenario.*$/m, ''));
    const named = parts.flatMap(({ text }) => [.../^bin\/lab (?:run|explain) ([a-z0-9-]+)/.exec(text)?.slice(1) ?? []]);
    expect(named.filter((each) => !runnableNames.includes(each))).toEqual([]);
    const numbers = [...readFileSync(lessonFile(lesson), 'utf8').matchAll(/\b[Ll]essons? (\d+)(?:, (\d+))*(?: and (\d+))?/g)].flatMap(([, ...each]: (string | undefined)[]) => each).flatMap((each) => each ?? []);
    expect(numbers.map(Number).filter((each) => each < 1 || each > lessons.length)).toEqual([]);
  });

  test('its card has the question and the options, and nothing that comes after the run', () => {
    const page = cardsPage([lesson]);
    const plain = page.replace(/<[^>]*>/g, '').replace(/&#(\d+);/g, (_all, code: string) => String.fromCharCode(Number(code)));
    for (const each of [title, ...question.map(({ text }) => text), ...options.map(({ text }) => text)]) expect(plain).toContain(each.replaceAll(/[`*]/g, ''));
    for (const { idea } of options) expect(plain).not.toContain(idea);
  });
});

test('teaching.md names lessons and files that exist, and its minutes add up', () => {
  const page = readFileSync('docs/teaching.md', 'utf8');
  for (const [, path = ''] of page.matchAll(/\]\(([^)#:]+\.md)/g)) expect({ path, exists: existsSync(join('docs', path)) }).toEqual({ path, exists: true });
  for (const minutes of [45, 90]) {
    const rows = [...(page.split(`## The plan for ${minutes} minutes`)[1]?.split('\n## ')[0] ?? '').matchAll(/^\| (\d+)–(\d+) \|/gm)].map(([, from, to]) => [Number(from), Number(to)]);
    expect(rows.map(([from]) => from)).toEqual([0, ...rows.slice(0, -1).map(([, to]) => to)]);
    expect(rows.at(-1)?.[1]).toBe(minutes);
  }
});

const results = mkdtempSync(join(tmpdir(), 'lessons-'));
afterAll(() => { rmSync(results, { recursive: true }); });

/** Runs `bin/lab` with these words. `typed` is what somebody types. */
function lab(words: readonly string[], typed = ''): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync('bin/lab', words, { encoding: 'utf8', input: typed });
  return { status, stdout, stderr };
}
const lesson = (number: number, ...words: string[]): string[] => ['lesson', String(number), '--results', results, ...words];

describe('lab lesson', () => {
  test('without a number lists the lessons', () => {
    const { status, stdout } = lab(['lesson']);
    expect(status).toBe(0);
    for (const { title, scenario: name } of lessons) expect(stdout).toMatch(new RegExp(`\\d  ${title.replace('?', '\\?')} +${name}\n`));
  });

  test.each<[string[], string]>([
    [['lesson', '99'], 'Expected the number of a lesson, 1 to '],
    [['lesson', 'three'], 'got `three`. `lab lesson` lists the lessons.'],
    [lesson(3, '--answer', 'x'), 'Expected --answer to be a, b, c or d, or none, got `x`.'],
    [lesson(3, '--client', 'crul'), 'Did you mean `curl`?'],
  ])('%j is refused before anything runs', (words, message) => {
    const { status, stdout, stderr } = lab(words);
    expect({ status, stdout }).toEqual({ status: 3, stdout: '' });
    expect(stderr).toContain(message);
  });
});

describeWith(['netns', 'nft'], 'lab lesson runs', () => {
  test('a wrong prediction that was typed: what the run was, the idea behind the prediction, and why', () => {
    const { status, stdout, stderr } = lab(lesson(2), 'e\n\nA)\n');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const [before = '', after = ''] = stdout.split('        ms  fault client');
    const [, nobody] = lessons;
    expect(before.match(/Your prediction \(a, b, c or d\): /g)).toHaveLength(3);
    // Before the run nothing tells which option it will be.
    for (const { idea, letter } of nobody?.options ?? []) {
      expect(before).toContain(`  ${letter}) `);
      expect(before).not.toContain(idea.slice(0, 30));
    }
    expect(after).toContain('The run was b) An error at once, after 2 attempts');
    expect(after).toContain('You predicted a).\n  The idea behind it: Nobody there, so nobody answers.\n  For a) the run would need:\n    ✘ byRequest.1.ms>=1000 · byRequest.1.ms is ');
    for (const title of ['What was measured', 'Look for', 'Why', 'Change one thing', 'Where else']) expect(after).toContain(`\n${title}\n`);
    expect(after).toContain('✔ in this run byRequest.1.attempts is 2');
  });

  test('a right prediction', () => { expect(lab(lesson(2, '--answer', 'B')).stdout).toContain('You predicted b) as well.'); });

  test('a client that makes no request makes no lookup either: a run that did not pass decides nothing', () => {
    const { status, stdout } = lab(lesson(1, '--client', 'false {url}', '--answer', 'd'));
    expect(status).toBe(1);
    expect(stdout).toContain('The verdict of this run is fail, so it decides nothing.\n  ✘ every request was answered: ');
    expect(stdout).not.toContain('The run was');
    expect(stdout).not.toContain('Why\n');
  });

  test('Ctrl-C at the question ends it', async () => {
    const child = spawn('bin/lab', lesson(2), { stdio: ['pipe', 'pipe', 'pipe'] });
    const asked = new Promise<void>((resolve) => { child.stdout.on('data', (data: Buffer) => { if (data.includes('Your prediction')) resolve(); }); });
    const ended = new Promise<number | null>((resolve) => { child.on('close', resolve); });
    const stderr = textOf(child.stderr);
    await asked;
    child.kill('SIGINT');
    expect({ status: await ended, stderr: await stderr }).toEqual({ status: 130, stderr: '' });
  });

  test('no input: a message, and nothing runs', () => {
    const { status, stdout, stderr } = lab(lesson(2), '');
    expect({ status, stderr }).toEqual({ status: 3, stderr: 'lab: No prediction came from the input. Type a letter, or give it: --answer a (or --answer none).\n' });
    expect(stdout).not.toContain('fault client');
  });

  // The other commands of the lessons are those of runs that other tests make.
  test.for(lessons.filter((each) => changeOf(each).others.length > 0).map(({ change: { command } }) => command))('%s', (command) => {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', `${command} --results ${results}`], { encoding: 'utf8' });
    expect({ status, stderr, ...(status === 0 ? {} : { stdout }) }).toEqual({ status: 0, stderr: '' });
  });
});

describeWith(['netns', 'curl'], 'lab lesson runs with curl', () => {
  test('a run without a verdict decides nothing: curl keeps no connection', () => {
    const { status, stdout } = lab(lesson(8, '--client', 'curl', '--answer', 'd'));
    expect(status).toBe(2);
    expect(stdout).toContain('The verdict of this run is unknown, so it decides nothing.\n  ? each request on a reused connection was cut off: 0 on a reused connection');
  });

  test('something else: none of the options, what each one needs, and what happened', () => {
    const { status, stdout } = lab(lesson(3, '--client', 'curl -sS --ipv4 {url}', '--answer', 'b'));
    expect(status).toBe(0);
    expect(stdout).toContain('The run was something else: none of the options.');
    expect(stdout).toContain('  b) needs (your prediction)\n    ✘ fallbackDelayMs>=100, fallbackDelayMs<950 · fallbackDelayMs is null (nothing to measure)\n');
    expect(stdout).toMatch(/\nWhat happened\n {2}#1: 1 lookup, 198\.51\.100\.1\d connected, it was answered by backend-\d after /);
    expect(stdout).toContain('(This explains what our client node-fetch does: b.)');
  });
});

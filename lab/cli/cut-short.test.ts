/** Commands as processes that are interrupted, or whose output cannot be written: exit status, messages, and the files of the runs. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import type { Journal } from '../run/journal.ts';
import { describeWith, until } from '../testing/testing.ts';

interface Started {
  child: ChildProcess;
  /** What it has written to stdout so far; empty where stdout is not a pipe. */
  stdout(): string;
  ended: Promise<{ code: number | null; stderr: string }>;
  /** The journals in its results folder. */
  journals(): Journal[];
  folder: string;
}

/** Starts `lab` in a folder of its own. */
function lab(words: readonly string[], stdout: 'pipe' | number = 'pipe'): Started {
  const folder = mkdtempSync(join(tmpdir(), 'cut-short-'));
  const child = spawn(localRuntime.node, [`${localRuntime.root}/lab/build/start.ts`, ...words], { cwd: folder, stdio: ['ignore', stdout, 'pipe'] });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });
  let written = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (written += chunk));
  const stderr = child.stderr ? text(child.stderr) : Promise.resolve('');
  return {
    child,
    folder,
    stdout: () => written,
    ended: once(child, 'close').then(async ([code]) => ({ code: code as number | null, stderr: await stderr })),
    journals: () =>
      existsSync(join(folder, 'results'))
        ? readdirSync(join(folder, 'results'), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('journal.json') && !name.startsWith('latest')).map((name) => JSON.parse(readFileSync(join(folder, 'results', name), 'utf8')) as Journal)
        : [],
  };
}

const writes = (started: Started, sign: string): Promise<true> => until(() => (started.stdout().includes(sign) ? true : undefined), `\`${sign}\` on stdout; got: ${started.stdout()}`);

describeWith(['netns', 'nft'], 'an interrupted `lab run`', () => {
  test.each([['SIGINT', 130], ['SIGTERM', 143], ['SIGHUP', 129]] as const)('by %s, with a request in flight that nobody awaits, ends with %i and a journal', { timeout: 40_000 }, async (signal, status) => {
    const started = lab(['run', 'data-retransmission']);
    // This request is answered only after the heal, which comes after four retransmissions (1.6 s).
    await writes(started, '8080/ #2');
    started.child.kill(signal);
    expect(await started.ended).toEqual({ code: status, stderr: '' });
    expect(started.journals()).toMatchObject([{ status: 'interrupted', verdict: 'unknown', error: `Interrupted by ${signal}.`, findings: { requests: { sent: 2 } } }]);
    expect(started.stdout()).toContain('UNKNOWN  data-retransmission (interrupted)');
  });
});

describeWith('netns', 'a command that makes many runs, interrupted by SIGHUP', () => {
  test.each([
    ['soak', '--n', '2', '--burners', '0'],
    ['all-clients', '--clients', 'node-fetch'],
    ['matrix', '--clients', 'node-fetch'],
  ])('`lab %s`', { timeout: 40_000 }, async (...words) => {
    const started = lab([...words, '--driver', 'netns', '--jobs', '2']);
    // Some runs are over, or at least two are on their way.
    await until(() => (started.journals().length > 0 || labsOf(started.child) > 1 ? true : undefined), 'two labs');
    started.child.kill('SIGHUP');
    expect(await started.ended).toEqual({ code: 129, stderr: '' });
  });

  test('`lab run-all` writes the journal of each run that it has begun', { timeout: 40_000 }, async () => {
    const started = lab(['run-all', '--driver', 'netns', '--jobs', '3']);
    await until(() => (labsOf(started.child) === 3 ? true : undefined), 'three labs');
    started.child.kill('SIGHUP');
    expect(await started.ended).toEqual({ code: 129, stderr: '' });
    const interrupted = started.journals().filter(({ status }) => status === 'interrupted');
    expect(interrupted.map(({ error }) => error)).toEqual(['Interrupted by SIGHUP.', 'Interrupted by SIGHUP.', 'Interrupted by SIGHUP.']);
  });
});

/** How many labs a process holds: each one has a pause process, which `unshare` makes. */
function labsOf({ pid }: ChildProcess): number {
  try {
    const children = readFileSync(`/proc/${pid ?? 0}/task/${pid ?? 0}/children`, 'utf8').split(' ').filter(Boolean);
    return children.filter((child) => existsSync(`/proc/${child}`) && readFileSync(`/proc/${child}/cmdline`, 'utf8').startsWith('unshare\0')).length;
  } catch {
    return 0;
  }
}

const notWritten = /^lab: Could not write to stdout: ENOSPC[^\n]*\n$/;

describeWith('netns', 'stdout that cannot be written', () => {
  test('a full disk: one message, exit status 3, and the files of the run are complete', { timeout: 40_000 }, async () => {
    const started = lab(['run', 'baseline', '--driver', 'netns'], openSync('/dev/full', 'w'));
    expect(await started.ended).toEqual({ code: 3, stderr: expect.stringMatching(notWritten) as string });
    expect(started.journals()).toMatchObject([{ status: 'completed', verdict: 'pass' }]);
    expect(readdirSync(join(started.folder, 'results', 'latest')).sort()).toEqual(['events.ndjson', 'journal.json', 'timeline.html', 'wire.pcapng']);
  });

  test('a reader that has gone: exit status 141 as a shell reports SIGPIPE, no message, and the run has a journal', { timeout: 40_000 }, async () => {
    const started = lab(['run', 'baseline', '--driver', 'netns']);
    started.child.stdout?.destroy();
    expect(await started.ended).toEqual({ code: 141, stderr: '' });
    expect(started.journals()).toMatchObject([{ status: 'interrupted', error: 'Interrupted by SIGPIPE.' }]);
  });
});

test('a full disk for a command that makes no run: exit status 3, and one message', async () => {
  expect(await lab(['list'], openSync('/dev/full', 'w')).ended).toEqual({ code: 3, stderr: expect.stringMatching(notWritten) as string });
});

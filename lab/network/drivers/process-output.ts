/** What both drivers make of the streams of a process that they started through a shell. */
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LabError } from '../../vocabulary/errors.ts';
import type { ProcessExit } from './driver.ts';

/** How long a first line may take; it takes some milliseconds in a namespace and some 50 in a container. */
const startLimitMs = 20_000;
const stderrKeptBytes = 4_000;

export interface ProcessOutput {
  /** The first line, which is the pid. Rejects with LabError START_FAILED when the streams end before it, or nothing comes. */
  pid: Promise<number>;
  /** Called for each line after that; lines that came before anybody listened come first. */
  onLine(listener: (line: string) => void): void;
  /** The last of what it wrote to stderr. */
  stderr(): string;
}

export function readOutput(what: string, stdout: Readable, stderr: Readable): ProcessOutput {
  let stderrText = '';
  stderr.setEncoding('utf8').on('data', (chunk: string) => (stderrText = (stderrText + chunk).slice(-stderrKeptBytes)));
  const said = (): string => stderrText.trim();
  const { promise: pid, resolve, reject } = Promise.withResolvers<number>();
  const fail = (problem: string): void => { reject(new LabError('START_FAILED', `Could not start ${what}: ${said() || problem}.`)); };
  const timer = setTimeout(fail, startLimitMs, `nothing after ${startLimitMs} ms`);
  const listeners: ((line: string) => void)[] = [];
  const early: string[] = [];
  let pidSeen = false;
  // One listener from the start: the pid and the lines after it may come in one chunk.
  createInterface({ input: stdout })
    .on('line', (line) => {
      if (!pidSeen) {
        pidSeen = true;
        clearTimeout(timer);
        if (/^\d+$/.test(line)) resolve(Number(line));
        else fail(line);
      } else if (listeners.length === 0) early.push(line);
      else for (const listener of listeners) listener(line);
    })
    .on('close', () => {
      clearTimeout(timer);
      // What it wrote to stderr may still be on its way.
      setImmediate(fail, 'it ended before it began');
    });
  return {
    pid,
    stderr: said,
    onLine: (listener) => {
      listeners.push(listener);
      for (const line of early.splice(0)) listener(line);
    },
  };
}

/** Shells and engines say 128 + n for a process that signal n ended. */
export function endOf(code: number | null, signal: string | null = null): Pick<ProcessExit, 'code' | 'signal'> {
  const ended = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128)?.[0];
  return ended === undefined ? { code, signal } : { code: null, signal: ended };
}

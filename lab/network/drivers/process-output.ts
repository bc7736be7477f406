/** Reads the streams of a process that a driver has started through a shell. Both drivers use it. */
import { constants } from 'node:os';
import type { Readable } from 'node:stream';
import { LabError } from '../../vocabulary/errors.ts';
import { readLines } from '../../vocabulary/lines.ts';
import { excerpt } from '../../vocabulary/printable.ts';
import type { ProcessExit } from './driver.ts';

/** How long the first line may take. Normally it takes a few milliseconds in a namespace, and about 50 ms in a container. */
const startLimitMs = 20_000;
/** Far more than an error message needs. */
const stderrKept = 3_000;
/** Longer than any line of the lab's own processes: a ring of captured frames (services/capture) has 22 million characters in base64. */
const longestLineOfAny = 32_000_000;

/** The output of a process whose first line is its pid. */
export interface ProcessOutput {
  /** The pid. Rejects with LabError START_FAILED if the streams end before the first line, if it does not come in time, or if it is not a pid. */
  pid: Promise<number>;
  /**
   * Calls `listener` for each line after the first. Lines that came before the first listener are delivered first. A line that is too long
   * comes in pieces, so that a process that never ends its line does not fill the memory.
   */
  onLine(listener: (line: string) => void): void;
  /** Returns stderr. If it is long: its last part, which says so. */
  stderr(): string;
}

/** Reads the two streams of a process. `what` names the process in error messages. */
export function readOutput(what: string, stdout: Readable, stderr: Readable, longestLine = longestLineOfAny): ProcessOutput {
  let stderrText = '';
  let stderrCharacters = 0;
  stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderrCharacters += chunk.length;
    stderrText = (stderrText + chunk).slice(-stderrKept);
  });
  const said = (): string => `${stderrCharacters > stderrKept ? `(cut: the last ${stderrKept} of ${stderrCharacters} characters) ` : ''}${stderrText.trim()}`;
  const { promise: pid, resolve, reject } = Promise.withResolvers<number>();
  const fail = (problem: string): void => { reject(new LabError('START_FAILED', `Could not start ${what}: ${said() || problem}.`)); };
  const timer = setTimeout(fail, startLimitMs, `it printed no pid within ${startLimitMs} ms`);
  const listeners: ((line: string) => void)[] = [];
  const early: string[] = [];
  let pidSeen = false;
  // There is one reader from the start, because the pid and the lines after it may come in one chunk.
  const take = (line: string): void => {
    if (!pidSeen) {
      pidSeen = true;
      clearTimeout(timer);
      if (/^\d+$/.test(line)) resolve(Number(line));
      else fail(excerpt(line, stderrKept));
    } else if (listeners.length === 0) early.push(line);
    else for (const listener of listeners) listener(line);
  };
  readLines(stdout, take, longestLine);
  stdout.once('close', () => {
    clearTimeout(timer);
    // Its stderr may arrive a little later than the end of stdout.
    setImmediate(fail, 'it ended before it printed its pid');
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

/** Shells and engines report exit code 128 + n for a process that signal n ended. This returns the name of that signal instead of the code. */
export function endOf(code: number | null, signal: string | null = null): Pick<ProcessExit, 'code' | 'signal'> {
  const ended = Object.entries(constants.signals).find(([, number]) => number === (code ?? 0) - 128)?.[0];
  return ended === undefined ? { code, signal } : { code: null, signal: ended };
}

/**
 * A container as a host. Each long-lived process is an exec with its own streams. Short commands go through one shell that stays in the
 * container: a command takes 2 ms there, and 50 ms as an exec of its own.
 *
 * That shell also ties the container to this process. The shell reads what this process writes. When this process is gone, however it
 * ended, the engine ends the stream, and then the shell ends the container.
 */
import { PassThrough, type Duplex } from 'node:stream';
import { once } from 'node:events';
import type { Container, default as Dockerode } from 'dockerode';
import { LabError } from '../../vocabulary/errors.ts';
import { excerpt } from '../../vocabulary/printable.ts';
import type { HostName } from '../../vocabulary/topology.ts';
import { answerOf } from './docker-engine.ts';
import type { CommandResult, Host, HostProcess } from './driver.ts';
import { endOf, readOutput } from './process-output.ts';
import { shellWord } from '../../vocabulary/shell-word.ts';

const nobodyInParticular = '1000:1000';
export const root = '0:0';
const commandLimitMs = 30_000;
const longestReason = 300;
/** The exit code that a shell reports for SIGKILL: 128 + 9. */
const killed = 137;

/** The user of a process without privileges, and the folder where processes start. An empty user is the image's own user. */
interface Place {
  user: string;
  directory: string;
}

/** Makes a host from a running container. When `over` aborts, all its streams end, even if the engine does not end them. */
export async function createDockerHost(
  name: HostName, container: Container, engineUrl: string, over: AbortSignal, place: Place = { user: nobodyInParticular, directory: '/lab' },
): Promise<Host> {
  const within = { name, container, over };
  const run = await standingShell(within, place.directory);
  return {
    name,
    run,
    start: (argv, { privileged = false, directory = place.directory, longestLine } = {}) => startProcess(within, argv, run, { user: privileged ? root : place.user, directory }, longestLine),
    command: (argv, { tty = false } = {}) => ['docker', '--host', engineUrl, 'exec', '--interactive', ...(tty ? ['--tty'] : []), container.id, ...argv],
  };
}

interface Within {
  name: HostName;
  container: Container;
  over: AbortSignal;
}

interface Execution {
  stdin: Duplex;
  stdout: PassThrough;
  stderr: PassThrough;
  /** Resolves with the exit code when the process has ended and all its output has arrived. */
  ended: Promise<number>;
}

async function execute({ name, container, over }: Within, argv: readonly string[], { user, directory }: Place): Promise<Execution> {
  const asked = `Starting \`${argv.join(' ').slice(0, 80)}\` on ${name}`;
  const exec = await answerOf(asked, container.exec({ Cmd: [...argv], User: user, WorkingDir: directory, AttachStdin: true, AttachStdout: true, AttachStderr: true }));
  const stream = await answerOf(asked, exec.start({ hijack: true, stdin: true }));
  over.addEventListener('abort', () => stream.destroy());
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  (container.modem as Dockerode['modem']).demuxStream(stream, stdout, stderr);
  stream.on('error', () => undefined);
  const ended = (async () => {
    await new Promise<void>((resolve) => stream.once('close', resolve).once('end', resolve));
    stdout.end();
    stderr.end();
    const inspected = over.aborted ? null : await answerOf('Reading an exit code', exec.inspect()).catch(() => null);
    // An engine that cannot say how the process ended has gone, or its container has gone. That ends the network, and nobody may take it for an
    // end of this process alone.
    if (!inspected && !over.aborted) await once(over, 'abort');
    return inspected?.ExitCode ?? killed;
  })();
  return { stdin: stream, stdout, stderr, ended };
}

/** The shell prints its pid and then becomes the process. The engine's own pid for an exec cannot be used: it belongs to another pid namespace. */
async function startProcess(within: Within, argv: readonly string[], run: Host['run'], place: Place, longestLine?: number): Promise<HostProcess> {
  const { stdin, stdout, stderr, ended } = await execute(within, ['sh', '-c', 'echo "$$"; exec "$@"', 'sh', ...argv], place);
  const output = readOutput(`\`${argv.join(' ')}\``, stdout, stderr, longestLine);
  const exited = ended.then((code) => ({ ...endOf(code), stderr: output.stderr() }));
  const pid = await output.pid;
  return {
    pid,
    exited,
    onLine: output.onLine,
    send: (line) => stdin.write(`${line}\n`),
    // The shell's built-in kill is used, because slim images have no /bin/kill.
    signal: async (signal) => {
      const { exitCode, stderr: why } = await run(['sh', '-c', `kill -${signal.slice(3)} ${pid}`]);
      if (exitCode !== 0) throw new LabError('PROCESS_EXITED', `Could not send ${signal} to \`${argv.join(' ')}\`: ${why}`);
    },
    state: async () => {
      const { stdout: stat } = await run(['cat', `/proc/${pid}/stat`]);
      const state = stat.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
      return state === '' || state === 'Z' ? null : state;
    },
  };
}

/** Starts one root shell that runs one command at a time. After each command it prints a marker line on both streams, so that the end is seen. */
async function standingShell(within: Within, directory: string): Promise<Host['run']> {
  const { name } = within;
  const shell = await execute(within, ['sh', '-c', 'sh; kill -TERM 1'], { user: root, directory });
  const output = collect(shell.stdout);
  const errors = collect(shell.stderr);
  let count = 0;
  let last: Promise<unknown> = Promise.resolve();
  /** Set when a command did not end. Every later command would wait behind it. */
  let stuck: LabError | undefined;
  const runNow = async (argv: readonly string[]): Promise<CommandResult> => {
    if (stuck) throw stuck;
    const mark = `end of command ${++count}`;
    shell.stdin.write(`${argv.map(shellWord).join(' ')} </dev/null\nprintf '\\n%s %d\\n' '${mark}' "$?"; printf '\\n%s\\n' '${mark}' >&2\n`);
    const limit = new AbortController();
    const timer = setTimeout(() => { limit.abort(); }, commandLimitMs);
    try {
      const [[stdout, code], [stderr]] = await Promise.all([output.until(mark, limit.signal), errors.until(mark, limit.signal)]);
      return { exitCode: Number(code), stdout, stderr: stderr.trim() };
    } catch (error) {
      const what = limit.signal.aborted ? `did not end within ${commandLimitMs} ms: the command or the docker engine hangs` : 'did not finish, because its container ended';
      throw (stuck = new LabError('TIME_LIMIT', `\`${argv.join(' ')}\` on ${name} ${what}.`, { cause: error }));
    } finally {
      clearTimeout(timer);
    }
  };
  return (argv) => {
    const result = last.then(() => runNow(argv));
    last = result.catch(() => undefined);
    return result;
  };
}

/** Collects the text of a stream. `until` returns the text before the line that begins with `mark`, and the rest of that line after the mark. */
function collect(stream: PassThrough): { until(mark: string, signal: AbortSignal): Promise<[text: string, rest: string]> } {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return {
    until: async (mark, signal) => {
      const needle = `\n${mark}`;
      for (;;) {
        const at = text.indexOf(needle);
        const lineEnd = text.indexOf('\n', at + needle.length);
        if (at >= 0 && lineEnd >= 0) {
          const found: [string, string] = [text.slice(0, at), text.slice(at + needle.length, lineEnd).trim()];
          text = text.slice(lineEnd + 1);
          return found;
        }
        // The engine writes into the stream why a shell could not be started.
        if (stream.readableEnded) throw new Error(`the stream ended${text.trim() === '' ? '' : ` after: ${excerpt(text.trim(), longestReason)}`}`);
        const enough = new AbortController();
        const either = AbortSignal.any([signal, enough.signal]);
        await Promise.race(['data', 'end'].map((event) => once(stream, event, { signal: either }))).finally(() => { enough.abort(); });
      }
    },
  };
}

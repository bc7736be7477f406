/**
 * The control protocol, on the side of a process that runs on a host: JSON lines on stdin and stdout. No fault on the lab network can cut it.
 * The other side is lab/network/remote.ts.
 *
 *   in    {"id":1,"command":"aaaa","args":{"on":true}}
 *   out   {"id":1,"result":{…}}  or  {"id":1,"error":"…"}
 *         {"event":"dns:query","atMs":…,…}     at any time
 *         {"secret":"CLIENT_RANDOM …"}         at any time: a secret of a TLS connection, as a line of a key log
 *         {"ready":true}                       once, when the process does its work
 */
import { messageOf } from './errors.ts';
import { nowMs, type EventName, type Payload } from './events.ts';
import { objectOf, parseCommandLine } from './json-lines.ts';
import { readLines } from './lines.ts';
import { excerpt } from './printable.ts';

export type Command = (args: Record<string, unknown>) => unknown;

/** Writes one event. Its time is now, unless the caller noted an earlier moment. */
export function emit<Name extends EventName>(event: Name, payload: Payload<Name>, atMs = nowMs()): void {
  writeLine({ event, atMs, ...payload });
}

/** Says that the process does its work: it listens, it has not only started. */
export function ready(): void {
  writeLine({ ready: true });
}

/** Tells the lab a secret of a TLS connection: a line of SSLKEYLOGFILE (draft-ietf-tls-keylogfile). It is no event, because the story has no use for it. */
export function tellSecret(secret: string): void {
  writeLine({ secret });
}

/** Answers commands until stdin ends. The end of the lab ends stdin, and with it the process. A process whose events come from elsewhere has a `ping` of its own. */
export function serveStdin(commands: Record<string, Command>): void {
  // stdout keeps the order: when `ping` is answered, the lab has every event that was written before.
  const all = { ping: () => nowMs(), ...commands };
  readLines(process.stdin, (line) => void answer(line, all));
  process.stdin.once('end', () => process.exit(0));
}

/** Ends the process when everything that it has written has left it. `process.exit` alone loses what does not fit into a pipe (Node, "A note on process I/O"). */
export function endProcess(status: number): void {
  process.stdout.write('', () => process.exit(status));
}

/** One line to the lab. */
export function writeLine(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

/** Each line has one answer, so that the lab does not wait for an answer that never comes. */
async function answer(line: string, commands: Record<string, Command>): Promise<void> {
  const message = parseCommandLine(line);
  const id = message?.id ?? idIn(line);
  try {
    if (!message) throw new Error(`Expected a line like {"id":1,"command":"ping","args":{}}, got \`${excerpt(line, 200)}\`.`);
    const { command, args = {} } = message;
    if (!Object.hasOwn(commands, command)) throw new Error(`Unknown command \`${command}\`. Known: ${Object.keys(commands).join(', ')}.`);
    writeLine({ id, result: (await commands[command]?.(args)) ?? null });
  } catch (error) {
    writeLine({ id, error: messageOf(error) });
  }
}

/** The id of a line that is no command, if it has one. */
function idIn(line: string): number | null {
  const message = objectOf(line);
  return message !== undefined && 'id' in message && typeof message.id === 'number' && Number.isFinite(message.id) ? message.id : null;
}

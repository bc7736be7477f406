/**
 * The control protocol, on the side of a process that runs on a host: JSON lines on stdin and stdout. No fault on the lab network can cut it.
 * The other side is lab/network/remote.ts.
 *
 *   in    {"id":1,"command":"aaaa","args":{"on":true}}
 *   out   {"id":1,"result":{…}}  or  {"id":1,"error":"…"}
 *         {"event":"dns:query","atMs":…,…}     at any time
 *         {"ready":true}                       once, when the process does its work
 */
import { createInterface } from 'node:readline';
import { messageOf } from './errors.ts';
import { nowMs, type EventName, type Payload } from './events.ts';

export type Command = (args: Record<string, unknown>) => unknown;

/** Writes one event. Its time is now, unless the caller noted an earlier moment. */
export function emit<Name extends EventName>(event: Name, payload: Payload<Name>, atMs = nowMs()): void {
  writeLine({ event, atMs, ...payload });
}

/** Says that the process does its work: it listens, it has not only started. */
export function ready(): void {
  writeLine({ ready: true });
}

/** Answers commands until stdin ends. The end of the lab ends stdin, and with it the process. */
export function serveStdin(commands: Record<string, Command>): void {
  // stdout keeps the order: when `ping` is answered, the lab has every event that was written before.
  const all = { ...commands, ping: () => nowMs() };
  createInterface({ input: process.stdin })
    .on('line', (line) => void answer(line, all))
    .on('close', () => process.exit(0));
}

/** One line to the lab. */
export function writeLine(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

async function answer(line: string, commands: Record<string, Command>): Promise<void> {
  let id: unknown = null;
  try {
    const { command, args = {}, ...message } = JSON.parse(line) as { id: number; command: string; args?: Record<string, unknown> };
    id = message.id;
    if (!Object.hasOwn(commands, command)) throw new Error(`Unknown command \`${command}\`. Known: ${Object.keys(commands).join(', ')}.`);
    writeLine({ id, result: (await commands[command]?.(args)) ?? null });
  } catch (error) {
    writeLine({ id, error: messageOf(error) });
  }
}

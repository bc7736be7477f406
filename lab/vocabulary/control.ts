/**
 * The control plane's far end: JSON lines on stdin and stdout, so that no fault on the lab network can cut it.
 *
 *   in    {"id":1,"command":"aaaa","args":{"on":true}}
 *   out   {"id":1,"result":{…}}  or  {"id":1,"error":"…"}
 *         {"event":"dns:query","atMs":…,…}     at any time
 *         {"ready":true}                       once, when the service does its work
 */
import { createInterface } from 'node:readline';
import { nowMs, type EventName, type Payload } from './events.ts';

export type Command = (args: Record<string, unknown>) => unknown;

/** Writes one event, stamped now unless its moment was noted earlier. */
export function emit<Name extends EventName>(event: Name, payload: Payload<Name>, atMs = nowMs()): void {
  writeLine({ event, atMs, ...payload });
}

/**
 * Answers commands until stdin ends, which is how a lab's end reaches its services. With LAB_CONTROL_PORT set, nobody holds stdin:
 * the commands come over HTTP instead.
 */
export async function serveControl(commands: Record<string, Command>): Promise<void> {
  const port = process.env['LAB_CONTROL_PORT'];
  if (port !== undefined) {
    const { serveHttpControl } = await import('../../services/control-http.ts');
    await serveHttpControl(commands, Number(port));
    return;
  }
  const lines = createInterface({ input: process.stdin });
  // Answered after all that was written before it: who has the answer has every event up to then.
  const all = { ...commands, ping: () => nowMs() };
  lines.on('line', (line) => void answer(line, all));
  lines.on('close', () => process.exit(0));
}

/** Says that the service is up: listening, not merely started. */
export function ready(): void {
  writeLine({ ready: true });
}

async function answer(line: string, commands: Record<string, Command>): Promise<void> {
  let id: unknown = null;
  try {
    const { command, args = {}, ...message } = JSON.parse(line) as { id: number; command: string; args?: Record<string, unknown> };
    id = message.id;
    if (!Object.hasOwn(commands, command)) {
      throw new Error(`Unknown command \`${command}\`. Known: ${Object.keys(commands).join(', ')}.`);
    }
    writeLine({ id, result: (await commands[command]?.(args)) ?? null });
  } catch (error) {
    writeLine({ id, error: error instanceof Error ? error.message : String(error) });
  }
}

/** One line to the lab. */
export function writeLine(message: object): void {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

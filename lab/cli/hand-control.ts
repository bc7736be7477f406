/**
 * A lab that stays up in one terminal and is driven from another one. Between the two is a Unix socket with JSON lines.
 *
 *   in   {"command":"dns","args":{…}}        out   {"result":…} or {"error":"…"}
 */
import { lstat, mkdir, rm, rmdir, type FileHandle } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { LabError, messageOf, nameIn, unknownName } from '../vocabulary/errors.ts';
import type { Lab } from '../run/lab.ts';
import { objectOf } from '../vocabulary/json-lines.ts';
import { readLines } from '../vocabulary/lines.ts';
import { excerpt } from '../vocabulary/printable.ts';
import { hostsOf, targetsOf } from '../vocabulary/topology.ts';
import { lockFolder } from './folder-lock.ts';
import type { HandClient } from './hand-client.ts';
import { healByHand, HandDns } from './hand-heal.ts';
import { statusByHand } from './hand-status.ts';

/** The commands of the second terminal, and their arguments. */
export interface HandCommands {
  /** A command of services/dns/policy.ts. */
  dns: { command: string; args: Record<string, unknown> };
  apply: { fault: string; host: string; options: Record<string, string> };
  /** Heals what is broken on one host, or everything if it is null: hand-heal.ts. */
  heal: { host: string | null };
  /** Answers with the argv that runs a command on a host, for the second terminal to run. */
  argv: { host: string; argv: string[]; directory: string; tty: boolean };
  /** Changes the behaviour of a backend's application; see services/backend/behaviour.ts. */
  behave: { backend: string; change: Record<string, unknown> };
  /** Starts a client in the place of the one before; with `words` null, only says which one there is. */
  client: { words: string | null; options: Record<string, unknown> };
  /** Has the client make one request. */
  ask: { method: string };
  /** Has the client make so many requests a second; 0 ends it. */
  rate: { method: string; perS: unknown };
  status: Record<string, never>;
  down: Record<string, never>;
}

const socketDirectory = join(process.env['XDG_RUNTIME_DIR'] || tmpdir(), `failover-lab-${userInfo().uid}`);
const socketPath = join(socketDirectory, 'control.sock');

/**
 * The second terminal runs the argv that it gets over this socket, so no other user may be able to make the socket. /tmp is open to all users.
 * @throws {LabError} BAD_INPUT when the folder of the socket does not belong to this user alone.
 */
async function expectOwnDirectory(): Promise<void> {
  const folder = await lstat(socketDirectory);
  if (folder.isDirectory() && folder.uid === userInfo().uid && (folder.mode & 0o077) === 0) return;
  throw new LabError('BAD_INPUT', `Expected ${socketDirectory} to be a folder that only this user can open. It is not: remove it, or set XDG_RUNTIME_DIR to a folder of yours.`);
}

/** The socket of the lab that is up. Disposing it makes room for the next lab. */
export interface HandControl extends AsyncDisposable {
  /** Begins to carry out commands. */
  serve(commands: HandHandlers): void;
}

/**
 * Opens the socket. There is one for each user, so one lab by hand can be up at a time. A lock on its folder sees to that: of several that start at
 * the same time, one gets it.
 * @throws {LabError} BAD_INPUT when another lab is up already.
 */
export async function openHandControl(): Promise<HandControl> {
  const lock = await lockSocketDirectory();
  // A lab that was killed left its socket.
  await rm(socketPath, { force: true });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(socketPath, resolve);
  });
  return {
    serve: (commands) => {
      const serveOn = (socket: Socket): void => {
        readLines(socket, (line) => void answer(socket, line, commands), longestLine);
      };
      for (const socket of sockets) serveOn(socket);
      server.on('connection', serveOn);
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => { resolve(); });
        // A terminal may keep its half open, so this does not wait for its FIN.
        for (const socket of sockets) socket.destroySoon();
      });
      await rmdir(socketDirectory).catch(() => undefined);
      await lock.close();
    },
  };
}

async function lockSocketDirectory(): Promise<FileHandle> {
  for (;;) {
    try {
      await mkdir(socketDirectory, { recursive: true, mode: 0o700 });
      await expectOwnDirectory();
      const lock = await lockFolder(socketDirectory);
      if (lock) return lock;
    } catch (error) {
      // A lab that goes down removes the folder.
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') continue;
      throw error;
    }
    throw new LabError('BAD_INPUT', `A lab is up already, or is just coming up or going down (${socketPath}). \`lab down\` takes it down.`);
  }
}

/**
 * Sends a command to the lab that is up, and resolves with its answer. The answer to `down` comes when the lab is gone.
 * @throws {LabError} NO_LAB when no lab is up; BAD_INPUT with the message of the lab.
 */
export async function askLab<Command extends keyof HandCommands>(command: Command, args: HandCommands[Command]): Promise<unknown> {
  const noLab = (cause: unknown): LabError => new LabError('NO_LAB', 'No lab is up. Start one in another terminal: `lab up`.', { cause });
  await expectOwnDirectory().catch((error: unknown) => {
    throw error instanceof LabError ? error : noLab(error);
  });
  return await new Promise((resolve, reject) => {
    const socket = connect(socketPath, () => socket.write(`${JSON.stringify({ command, args })}\n`));
    socket.once('error', (error) => {
      reject(noLab(error));
    });
    let isGoingDown = false;
    socket.once('close', () => {
      if (isGoingDown) resolve(null);
      else reject(new LabError('NO_LAB', 'The lab went down before it answered.'));
    });
    readLines(socket, (line) => {
      const { result, error } = JSON.parse(line) as { result?: unknown; error?: string };
      if (error !== undefined) reject(new LabError('BAD_INPUT', error));
      else if (command === 'down') {
        // The lab closes the socket when it has gone down.
        isGoingDown = true;
        return;
      } else resolve(result);
      socket.end();
    });
  });
}

/** What carries out the commands of the second terminal. */
export type HandHandlers = { [Name in keyof HandCommands]: (args: HandCommands[Name]) => unknown };

/** The commands of a lab that is up. `onDown` is called for the command `down`. */
export function handHandlers(lab: Lab, client: HandClient, onDown: () => void): HandHandlers {
  const dns = new HandDns(lab);
  return {
    dns: ({ command, args }) => dns.call(command, args),
    apply: async ({ fault, host, options }) => (await lab.apply(fault, host, options)).observation,
    heal: async ({ host }) => {
      return await healByHand(lab, dns, host === null ? null : nameIn('host', host, targetsOf(lab.topology)));
    },
    argv: ({ host, argv, ...terminal }) => lab.host(nameIn('host', host, hostsOf(lab.topology))).command(argv, terminal),
    behave: ({ backend, change }) => lab.behave(backend, change),
    client: ({ words, options }) => (words === null ? client.state : client.start(words, options)),
    ask: ({ method }) => client.ask(method),
    rate: ({ method, perS }) => client.rate(method, perS),
    status: () => statusByHand(lab),
    down: () => { setImmediate(onDown); },
  };
}

/** A longer line is none of a terminal: Linux limits the argv of a program to 2 MB, and JSON makes up to six characters of one. */
const longestLine = 16e6;

async function answer(socket: Socket, line: string, handlers: HandHandlers): Promise<void> {
  try {
    const message = objectOf(line);
    if (message === undefined || !('command' in message) || typeof message.command !== 'string') {
      throw new LabError('BAD_INPUT', `Expected a line like {"command":"heal","args":{"host":null}}, got \`${excerpt(line, 200)}\`.`);
    }
    const { command, args = {} } = message as { command: string; args?: object };
    if (!Object.hasOwn(handlers, command)) throw unknownName('command', command, Object.keys(handlers));
    socket.write(`${JSON.stringify({ result: (await handlers[command as keyof HandCommands](args as never)) ?? null })}\n`);
  } catch (error) {
    socket.write(`${JSON.stringify({ error: messageOf(error) })}\n`);
  }
}

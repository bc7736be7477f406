/**
 * A lab that stays up in one terminal and is driven from another one. Between the two is a Unix socket with JSON lines.
 *
 *   in   {"command":"dns","args":{…}}        out   {"result":…} or {"error":"…"}
 */
import { lstat, mkdir, rm, rmdir } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { LabError, messageOf, unknownName } from '../vocabulary/errors.ts';
import type { Observation } from '../faults/fault.ts';
import type { Lab } from '../run/lab.ts';
import { hostNames, isTarget, targetNames, type HostName } from '../vocabulary/topology.ts';

/** The result of healing one fault. */
export interface Healed extends Observation {
  fault: string;
}

/** The commands of the second terminal, and their arguments. */
export interface HandCommands {
  /** A command of services/dns/policy.ts. */
  dns: { command: string; args: Record<string, unknown> };
  apply: { fault: string; host: string; options: Record<string, string> };
  /** Heals the faults on one host, or all faults if it is null. The answer lists them. */
  heal: { host: string | null };
  /** Answers with the argv that runs a command on a host, for the second terminal to run. */
  argv: { host: string; argv: string[]; directory: string; tty: boolean };
  /** Changes the behaviour of a backend's application; see services/backend/behaviour.ts. */
  behave: { backend: string; change: Record<string, unknown> };
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
  /** Begins to carry out commands. `onDown` is called for the command `down`. */
  serve(lab: Lab, onDown: () => void): void;
}

/**
 * Opens the socket. There is one for each user, so one lab by hand can be up at a time.
 * @throws {LabError} BAD_INPUT when another lab is up already.
 */
export async function openHandControl(): Promise<HandControl> {
  await mkdir(socketDirectory, { recursive: true, mode: 0o700 });
  await expectOwnDirectory();
  if (await isAnswered()) throw new LabError('BAD_INPUT', `A lab is up already (${socketPath}). \`lab down\` takes it down.`);
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
    serve: (lab, onDown) => {
      const serveOn = (socket: Socket): void => {
        createInterface({ input: socket }).on('error', () => undefined).on('line', (line) => void answer(socket, line, lab, onDown));
      };
      for (const socket of sockets) serveOn(socket);
      server.on('connection', serveOn);
    },
    [Symbol.asyncDispose]: async () => {
      await new Promise<void>((resolve) => {
        server.close(() => { resolve(); });
        for (const socket of sockets) socket.end();
      });
      // It stays if another lab uses it now.
      await rmdir(socketDirectory).catch(() => undefined);
    },
  };
}

/**
 * Sends a command to the lab that is up, and resolves with its answer.
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
    socket.once('close', () => {
      reject(new LabError('NO_LAB', 'The lab went down before it answered.'));
    });
    const lines = createInterface({ input: socket });
    // readline repeats the errors of its input. The socket's own listener has handled them.
    lines.on('error', () => undefined);
    lines.once('line', (line) => {
      const { result, error } = JSON.parse(line) as { result?: unknown; error?: string };
      if (error === undefined) resolve(result);
      else reject(new LabError('BAD_INPUT', error));
      socket.end();
    });
  });
}

async function answer(socket: Socket, line: string, lab: Lab, onDown: () => void): Promise<void> {
  try {
    const { command, args } = JSON.parse(line) as { [Name in keyof HandCommands]: { command: Name; args: HandCommands[Name] } }[keyof HandCommands];
    socket.write(`${JSON.stringify({ result: (await carryOut(lab, command, args, onDown)) ?? null })}\n`);
  } catch (error) {
    socket.write(`${JSON.stringify({ error: messageOf(error) })}\n`);
  }
}

async function carryOut(lab: Lab, command: keyof HandCommands, args: HandCommands[keyof HandCommands], onDown: () => void): Promise<unknown> {
  switch (command) {
    case 'dns': {
      const { command: policy, args: change } = args as HandCommands['dns'];
      return await lab.server('dns').call(policy, change);
    }
    case 'apply': {
      const { fault, host, options } = args as HandCommands['apply'];
      const { observation } = await lab.apply(fault, host, options);
      return observation;
    }
    case 'heal': {
      const { host } = args as HandCommands['heal'];
      if (host !== null && !isTarget(host)) throw unknownName('host', host, targetNames);
      const healing = lab.inForce.filter((fault) => host === null || fault.host === host).toReversed();
      const healed: Healed[] = [];
      // A fault that cannot be healed must not keep the others from being healed.
      for (const fault of healing) {
        const observation = await fault.heal().catch((error: unknown) => ({ seen: false, observed: messageOf(error) }));
        healed.push({ fault: `${fault.name} ${fault.host}`, ...observation });
      }
      return healed;
    }
    case 'argv': {
      const { host, argv, ...terminal } = args as HandCommands['argv'];
      if (!(hostNames as readonly string[]).includes(host)) throw unknownName('host', host, hostNames);
      return lab.host(host as HostName).command(argv, terminal);
    }
    case 'behave': {
      const { backend, change } = args as HandCommands['behave'];
      return await lab.behave(backend, change);
    }
    case 'down':
      setImmediate(onDown);
      return null;
  }
}

function isAnswered(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(socketPath);
    socket.once('connect', () => { resolve(true); socket.destroy(); });
    socket.once('error', () => { resolve(false); });
  });
}

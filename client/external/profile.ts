/**
 * The description of a client that is not ours: how to find it on the client's host, and how to ask it for a request.
 * docs/add-a-client.md shows how to add one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Installation } from '../../lab/vocabulary/installation.ts';
import { projectRoot } from '../../lab/vocabulary/project.ts';
import type { Kind } from '../../lab/vocabulary/values.ts';
import type { Tls } from './tls.ts';

/** The host on which the client runs: a network namespace with this machine's files, or a container with its own files. */
export interface ClientHost {
  /**
   * Runs a command to its end, within half a minute if `limitMs` does not say otherwise. The exit code is 127 if the program does not exist, as
   * in a shell. @throws {Error} when the command does not end in time.
   */
  run(argv: readonly string[], limitMs?: number): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** This project's folder on that host. */
  readonly root: string;
  /** The Node that runs the lab's own programs on that host. */
  readonly node: string;
}

/** A client that is not ours. Tables and messages show `summary` and `install`. */
export interface Profile {
  summary: string;
  /** How to get it. */
  install: Installation;
  /** How it speaks TLS. Null if it cannot, or if it does not take the lab's CA. */
  tls: Tls | null;
  /**
   * The options that may stand behind its name, as in `axios?timeout=1000`. A process that stays gets those that are given in one further word, as JSON:
   * `--options={"timeout":1000}`. A command gets two words for each: `--connect-timeout 2`.
   */
  variants?: VariantTable;
  /** The time limits that a careful user sets, as they stand behind its name: `timeout=5000`. `lab matrix --timeouts` measures the client with them, too. */
  timeouts?: string;
  /** Looks for the client on the host and changes nothing. Returns null if the client is not installed. */
  find(host: ClientHost): Promise<Found | null>;
}

/** An option that the users of a client set. Its name and its unit are those of the library. If it is not given, the library's default holds. */
export interface VariantOption {
  /** One sentence: what it sets, with its unit, and what holds without it. */
  doc: string;
  kind: Kind<string | number | boolean>;
}

/** The options of a client by their names. */
export type VariantTable = Readonly<Record<string, VariantOption>>;

/** A client that is installed on the host. */
export interface Found {
  version: string;
  program: Program;
  /** A command that makes what `program` needs on the host. It runs before every scenario, so it must end at once if this is done already. */
  prepare?: readonly string[];
  /** What this installation cannot do of what `Profile.tls` says, and what to do to get it: `apt-get install python3-h2`. */
  lacks?: { tls?: string; http2?: string };
}

/** What both kinds of programs have. */
interface Command {
  argv: readonly string[];
  /** Variables of its environment that the lab sets. */
  variables?: Readonly<Record<string, string>>;
  /** Only for a user's own command: the folder on the host against which its relative paths were resolved. It becomes the variable LAB_USER_FOLDER. */
  userFolder?: string;
}

/** One process for each request. The lab replaces `{url}` and `{method}` in `argv`. The output of the process is the body. */
export interface OneShot extends Command {
  asked: 'by arguments';
  /** Reads status and body from the output, if the output holds more than the body. */
  read?(stdout: string): { status: number | null; body: string };
}

/** A process that runs as long as the scenario's client, and speaks the protocol of docs/clients.md. */
export interface LongLived extends Command {
  asked: 'over stdin';
  /**
   * Whether it is known that the process writes `{"ready":true}` when it can take requests. Then the lab waits for that line, so that the start
   * of the process is not a part of a request. If it is not known, the lab waits for a short time only.
   */
  saysReady: boolean;
  /**
   * The words with which the process opens a new connection for each request, after a new lookup. If they are not set, a scenario without keep-alive
   * gets a new process for each request.
   */
  newConnections?: readonly string[];
}

export type Program = OneShot | LongLived;

/** Returns the version that a command prints, or null if the command fails or prints none. */
export async function versionFrom(host: ClientHost, argv: readonly string[]): Promise<string | null> {
  const { exitCode, stdout, stderr } = await host.run(argv);
  return exitCode === 0 ? versionIn(`${stdout}\n${stderr}`) : null;
}

/** Returns the first version in a text, or null if there is none. */
export function versionIn(text: string): string | null {
  return /\d+(?:\.\d+)+/.exec(text)?.[0] ?? null;
}

/** Returns a hash of files in programs/, which are the same on the host. The name of a binary that is built from them contains it. */
export function sourceHash(names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names) hash.update(readFileSync(`${projectRoot}/client/external/programs/${name}`));
  return hash.digest('hex').slice(0, 12);
}

/** Returns the path on the host of one file in programs/. */
export function programPath({ root }: Pick<ClientHost, 'root'>, name: string): string {
  return `${root}/client/external/programs/${name}`;
}

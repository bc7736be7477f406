/**
 * What is said of a client that is not ours: how to find it on the client's host, and how it is asked for a request.
 * docs/clients.md walks through a new one.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** The host the client runs on: a namespace with this machine's files, or a container with its own. */
export interface ClientHost {
  /** Runs a command to its end. A program that is not there ends with 127, as in a shell. */
  run(argv: readonly string[]): Promise<{ exitCode: number; stdout: string; stderr: string }>;
  /** This project's folder on that host. */
  readonly root: string;
  /** The Node that runs the lab's own programs there. */
  readonly node: string;
}

export interface Profile {
  summary: string;
  /** How to get it, for who has not. */
  install: string;
  /** Looks on the host, without changing anything; null where it is not there. */
  find(host: ClientHost): Promise<Found | null>;
}

export interface Found {
  version: string;
  program: Program;
  /** Makes what `program` needs on the host, and ends at once where that has been done: it is run before every scenario. */
  prepare?: readonly string[];
}

/** One process a request: `{url}` and `{method}` in its words are replaced, and its output is the body. */
export interface OneShot {
  asked: 'by arguments';
  argv: readonly string[];
  /** Takes status and body out of the output, where it holds more than the body. */
  read?(stdout: string): { status: number | null; body: string };
}

/** A process that lives as long as the scenario's client, and speaks the protocol of docs/clients.md. */
export interface LongLived {
  asked: 'over stdin';
  argv: readonly string[];
  /** It says `{"ready":true}` when it can be asked, so that its own start is no part of the first request. */
  saysReady: boolean;
}

export type Program = OneShot | LongLived;

/** The version that a command tells, or null where it cannot be run. */
export async function versionFrom(host: ClientHost, argv: readonly string[]): Promise<string | null> {
  const { exitCode, stdout, stderr } = await host.run(argv);
  return exitCode === 0 ? (/\d+(?:\.\d+)+/.exec(`${stdout}\n${stderr}`)?.[0] ?? null) : null;
}

/** Of programs in this folder, which are the same on the host: what is built of them is known by it. */
export function sourceHash(names: readonly string[]): string {
  const hash = createHash('sha256');
  for (const name of names) hash.update(readFileSync(new URL(`programs/${name}`, import.meta.url)));
  return hash.digest('hex').slice(0, 12);
}

/** The path of one of the programs in this folder, on the host. */
export function programPath({ root }: ClientHost, name: string): string {
  return `${root}/client/external/programs/${name}`;
}

/**
 * A resolver with a cache that stands between the client and the DNS server: an external program, its configuration, and how to read its log.
 * One file for each resolver, beside this one; index.ts has the table.
 */
import type { Installation } from '../../lab/vocabulary/installation.ts';
import type { Payload } from '../../lab/vocabulary/events.ts';

/** What a resolver is started with. */
export interface ResolverSetting {
  /** The addresses of its host. A resolver on the client's host has other ones, which its manual names. */
  ipv4: string;
  ipv6: string;
  /** The address of the DNS server that it asks. */
  server: string;
  /** Whether it answers with expired records if the DNS server fails (RFC 8767). */
  serveStale: boolean;
  /** A folder of its own. It can be written. */
  folder: string;
}

/** Where a resolver accepts connections when it is ready: a TCP port, or a Unix socket. */
export type Listening = { host: string; port: number } | { path: string };

/** Takes what the log says. `atMs` is set for what happened before the line that made it known. */
export interface LogEvents {
  query(payload: Payload<'resolver:query'>, atMs?: number): void;
  answer(payload: Payload<'resolver:answer'>, atMs?: number): void;
}

/** Reads a log. */
export interface LogReader {
  /** Reads one line. */
  line(text: string): void;
  /** Everything that has happened so far is in the lines that were read: an answer that could have had more lines is complete. */
  flush(): void;
}

export interface ResolverProgram {
  summary: string;
  /** How to get it. */
  install: Extract<Installation, { packages: string }>;
  /** The name of its file. */
  file: string;
  /** The arguments with which it prints its version. */
  version: readonly string[];
  /** The first version that can answer with expired records, `1.9` or `254`; null if none can. */
  staleSince: string | null;
  /** The text of each file that it reads, by its path. */
  files(setting: ResolverSetting): Record<string, string>;
  /** The argv that runs `file` in the foreground, with its log on stderr. */
  start(file: string, setting: ResolverSetting): string[];
  listening(setting: ResolverSetting): Listening;
  readLog(events: LogEvents): LogReader;
}

/**
 * Runs a resolver that is not ours on a host, reads its log, and tells the lab what it says. It ends when the resolver ends.
 *
 *   node services/resolver/main.ts '{"name":"unbound","file":"/usr/sbin/unbound","setting":{…}}'
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname } from 'node:path';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { emit, ready, serveStdin } from '../../lab/vocabulary/control.ts';
import { nowMs } from '../../lab/vocabulary/events.ts';
import { readLines } from '../../lab/vocabulary/lines.ts';
import type { ResolverName } from '../../lab/vocabulary/resolvers.ts';
import { resolverPrograms } from './index.ts';
import type { Listening, ResolverSetting } from './program.ts';

export interface ResolverOptions {
  name: ResolverName;
  /** The path of the program. */
  file: string;
  setting: ResolverSetting;
}

/** So many of the last lines of the log are told if the resolver ends. */
const lastLines = 5;

const { name, file, setting } = JSON.parse(process.argv[2] ?? '{}') as ResolverOptions;
const program = resolverPrograms[name];
const log = program.readLog({
  query: (payload, atMs) => { emit('resolver:query', payload, atMs); },
  answer: (payload, atMs) => { emit('resolver:answer', payload, atMs); },
});

mkdirSync(setting.folder, { recursive: true });
for (const [path, text] of Object.entries(program.files(setting))) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
const [command = '', ...args] = program.start(file, setting);
const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
const last: string[] = [];
for (const stream of [child.stdout, child.stderr]) {
  readLines(stream, (line) => {
    last.push(line);
    if (last.length > lastLines) last.shift();
    log.line(line);
  });
}
child.once('error', (error) => { end(error.message); });
child.once('close', (code, signal) => { end(signal ?? `exit status ${String(code)}`); });

function end(how: string): void {
  console.error(`${name} ended: ${how}. The end of its log: ${last.join(' | ')}`);
  process.exit(1);
}

/** Waits until the resolver accepts a connection: it sends no query for that. */
async function accepts(where: Listening): Promise<void> {
  for (;;) {
    const socket = connect(where);
    const isOpen = await once(socket, 'connect').then(() => true, () => false);
    socket.destroy();
    if (isOpen) return;
    await sleep(5);
  }
}

async function serve(): Promise<void> {
  await accepts(program.listening(setting));
  serveStdin({
    // The resolver has written its log before its answer left. What it has written is read in the next turn of the event loop.
    ping: async () => {
      await turn();
      await turn();
      log.flush();
      return nowMs();
    },
  });
  ready();
}

void serve();

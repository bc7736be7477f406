/**
 * nscd(8) of glibc, on the client's host. The libc asks it over a Unix socket for both families at once, before it would ask DNS itself. A client with a
 * resolver of its own (c-ares, Go, musl) does not ask it. Its log names the questions, and what it did not find in its cache; nothing of the answers.
 */
import { nowMs } from '../../lab/vocabulary/events.ts';
import type { LogEvents, LogReader, ResolverProgram } from './program.ts';

export const nscd: ResolverProgram = {
  summary: "nscd, on the client's host",
  install: { packages: 'nscd' },
  file: 'nscd',
  version: ['--version'],
  staleSince: null,
  // The times are those of Debian's nscd.conf. With `shared`, a client reads the cache without a word to nscd, and no log has it. `persistent`: the cache
  // would stay on the disk of this machine.
  files: ({ folder }) => ({
    [`${folder}/nscd.conf`]: `debug-level 3
paranoia no
enable-cache passwd no
enable-cache group no
enable-cache services no
enable-cache netgroup no
enable-cache hosts yes
positive-time-to-live hosts 3600
negative-time-to-live hosts 20
check-files hosts no
persistent hosts no
shared hosts no
`,
    '/run/nscd/lab': 'nscd makes its socket in this folder.\n',
  }),
  start: (file, { folder }) => [file, '--foreground', '--debug', '--config-file', `${folder}/nscd.conf`],
  listening: () => ({ path: '/run/nscd/socket' }),
  readLog: readNscdLog,
};

/** The types that each request for addresses asks for (nscd-client.h, request_type). */
const types: Record<string, string> = { GETAI: 'A AAAA', GETHOSTBYNAME: 'A', GETHOSTBYNAMEv6: 'AAAA' };
/** nscd looks into its cache as soon as it has read a request. After this time it has found the answer there. */
const foundAfterMs = 1_000;

interface Open {
  request: string;
  name: string;
  atMs: number;
  isForwarded: boolean;
}

function readNscdLog(events: LogEvents): LogReader {
  let open: Open[] = [];
  const answered = (each: Open, source: string, atMs: number): void => {
    open = open.filter((other) => other !== each);
    events.answer({ name: each.name, type: types[each.request] ?? each.request, source }, atMs);
  };
  /** A request that nscd did not complain about was answered from the cache, when it came. */
  const found = (each: Open): void => {
    if (open.includes(each) && !each.isForwarded) answered(each, 'cache', each.atMs);
  };
  return {
    line: (text) => {
      const line = text.replace(/^.*? - \d+: /, '');
      const [, request = '', name = ''] = /^\t(GETAI|GETHOSTBYNAME|GETHOSTBYNAMEv6) \((\S+)\)$/.exec(line) ?? [];
      if (request !== '') {
        const asked: Open = { request, name, atMs: nowMs(), isForwarded: false };
        open.push(asked);
        events.query({ name, type: types[request] ?? request }, asked.atMs);
        setTimeout(found, foundAfterMs, asked);
        return;
      }
      const [, missing] = /^Haven't found "(\S+)" in hosts cache!$/.exec(line) ?? [];
      const asker = open.find((each) => each.name === missing && !each.isForwarded);
      if (asker) asker.isForwarded = true;
      const [, made, type] = /^add new entry "(\S+)" of type (\S+) for hosts to cache/.exec(line) ?? [];
      const served = open.find((each) => each.name === made && each.request === type && each.isForwarded);
      if (served) answered(served, 'forwarded', nowMs());
    },
    flush: () => { for (const each of open) found(each); },
  };
}

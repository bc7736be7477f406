/** dnsmasq(8). Its log has a line for each address of an answer, and a number for each question (`--log-queries=extra`). It does not tell the TTL. */
import { nowMs } from '../../lab/vocabulary/events.ts';
import type { LogEvents, LogReader, ResolverProgram } from './program.ts';

export const dnsmasq: ResolverProgram = {
  summary: 'dnsmasq, on a host of its own',
  install: { packages: 'dnsmasq-base' },
  file: 'dnsmasq',
  version: ['--version'],
  // CHANGELOG of dnsmasq, version 2.87: --use-stale-cache.
  staleSince: '2.87',
  files: () => ({}),
  // --no-daemon: stay in the foreground, and do not change the user: the namespace of a lab has one user only.
  start: (file, { ipv4, ipv6, server, serveStale }) => [
    file, '--no-daemon', '--conf-file=/dev/null', '--no-resolv', '--no-hosts', '--bind-interfaces', `--listen-address=${ipv4},${ipv6}`, `--server=${server}`,
    '--log-queries=extra', '--log-facility=-', ...(serveStale ? ['--use-stale-cache'] : []),
  ],
  listening: ({ ipv4 }) => ({ host: ipv4, port: 53 }),
  readLog: readDnsmasqLog,
};

/** The source of an answer, by the word of the log. */
const sources: Record<string, string> = { cached: 'cache', 'cached-stale': 'stale cache', reply: 'forwarded' };
/** An answer has a line for each address, and no line says that it was the last one. dnsmasq writes them in one go. */
const completeAfterMs = 20;

interface Open {
  name: string;
  type: string;
  source?: string;
  atMs?: number;
  rcode: string;
  addresses: string[];
}

function readDnsmasqLog(events: LogEvents): LogReader {
  /** The questions that have no complete answer, by their numbers. */
  const open = new Map<string, Open>();
  let timer: NodeJS.Timeout | undefined;
  /** Tells the answers that have begun, but for that of the question `not`. */
  const complete = (not?: string): void => {
    for (const [number, { name, type, source, atMs, rcode, addresses }] of open) {
      if (source === undefined || number === not) continue;
      open.delete(number);
      events.answer({ name, type, source, rcode, addresses }, atMs);
    }
  };
  return {
    line: (text) => {
      const [, number = '', rest = ''] = /dnsmasq\[\d+\]: (\d+) \S+ (.*)$/.exec(text) ?? [];
      if (number === '') return;
      complete(number);
      const [, type, name, from] = /^query\[(\S+)\] (\S+) from (\S+)$/.exec(rest) ?? [];
      if (type !== undefined && name !== undefined && from !== undefined) {
        open.set(number, { name, type, rcode: 'NOERROR', addresses: [] });
        events.query({ name, type, from });
        return;
      }
      const [, word = '', value = ''] = /^(\S+) \S+ is (\S+)$/.exec(rest) ?? [];
      const asked = open.get(number);
      // `forwarded NAME to SERVER` says no answer. A question that was answered from the expired cache is forwarded, too; that reply refreshes the cache.
      if (!asked || word === '') return;
      asked.source ??= sources[word] ?? word;
      asked.atMs ??= nowMs();
      if (/^[0-9a-f.:]+$/i.test(value) && /[.:]/.test(value)) asked.addresses.push(value);
      else if (!value.startsWith('NODATA') && value !== '<CNAME>') asked.rcode = value;
      clearTimeout(timer);
      timer = setTimeout(complete, completeAfterMs);
    },
    flush: () => { complete(); },
  };
}

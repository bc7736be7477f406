/**
 * systemd-resolved(8) on the client's host. The client asks its stub, 127.0.0.53. Its log at level `debug` names the questions, and where the answers came
 * from; it tells the TTL when it puts an answer into its cache, and it does not tell the addresses.
 */
import type { LogEvents, LogReader, ResolverProgram } from './program.ts';

export const systemdResolved: ResolverProgram = {
  summary: "systemd-resolved, on the client's host",
  install: { packages: 'systemd-resolved', or: 'where that would change the resolver of this machine, unpack it: `apt-get download systemd-resolved`, `dpkg -x`, and its folder lib/systemd on PATH' },
  file: 'systemd-resolved',
  version: ['--version'],
  // StaleRetentionSec= of resolved.conf(5).
  staleSince: '254',
  files: ({ server, serveStale, folder }) => ({
    // An empty assignment takes back what the files of this machine say. All queries go to the lab's DNS server, over DNS alone.
    '/run/systemd/resolved.conf.d/zz-lab.conf': `[Resolve]
DNS=
DNS=${server}
FallbackDNS=
Domains=~.
LLMNR=no
MulticastDNS=no
DNSSEC=no
DNSOverTLS=no
Cache=yes
DNSStubListener=yes
ReadEtcHosts=no
${serveStale ? 'StaleRetentionSec=1h\n' : ''}`,
    // As root it changes to this user. The namespace of a lab has one user only, so here both names mean this one.
    [`${folder}/passwd`]: 'root:x:0:0::/:/bin/sh\nsystemd-resolve:x:0:0::/:/bin/sh\n',
  }),
  start: (file, { folder }) => ['env', 'SYSTEMD_LOG_LEVEL=debug', 'SYSTEMD_LOG_TARGET=console', 'unshare', '--mount', 'sh', '-ec', 'mount --bind "$1" /etc/passwd; exec "$2"', 'sh', `${folder}/passwd`, file],
  listening: () => ({ host: '127.0.0.53', port: 53 }),
  readLog: readResolvedLog,
};

/** How a transaction of the resolver ended. */
interface Result {
  source: string;
  rcode?: string;
  ttlS?: number;
}

function readResolvedLog(events: LogEvents): LogReader {
  let id = '';
  /** The questions without an answer, by the id of their query. */
  const asked = new Map<string, { name: string; type: string }>();
  /** The last result for a question. */
  const results = new Map<string, Result>();
  /** The response code of the last packet to a transaction, and of the last answer in the cache to a question. */
  const rcodes = new Map<string, string>();
  const ttls = new Map<string, number>();
  const rules: [RegExp, (...words: string[]) => void][] = [
    [/^Got DNS stub (?:UDP|TCP) query packet for id (\d+)/, (word = '') => { id = word; }],
    [/^Looking up RR for (\S+) IN (\S+)\.$/, (name = '', type = '') => {
      asked.set(id, { name, type });
      events.query({ queryId: Number(id), name, type });
    }],
    [/^(Positive|NODATA|NXDOMAIN|\S+) cache hit for (\S+ IN \S+)$/, (kind = '', question = '') => { rcodes.set(question, kind === 'Positive' || kind === 'NODATA' ? 'NOERROR' : kind); }],
    [/^Processing incoming packet of size \d+ on transaction (\d+) \(rcode=(\S+)\)/, (transaction = '', rcode = '') => { rcodes.set(transaction, rcode === 'SUCCESS' ? 'NOERROR' : rcode); }],
    [/^Added .*cache entry for (\S+ IN \S+) (\d+)s/, (question = '', seconds = '') => { ttls.set(question, Number(seconds)); }],
    [/transaction (\d+) for <(\S+ IN \S+)> .*now complete with <(\S+)> from (\S+)/, (transaction = '', question = '', how = '', from = '') => {
      const source = from === 'network' ? 'forwarded' : from;
      const rcode = how === 'success' ? 'NOERROR' : how === 'rcode-failure' ? rcodes.get(from === 'cache' ? question : transaction) : 'SERVFAIL';
      const ttlS = source === 'forwarded' && how === 'success' ? ttls.get(question) : undefined;
      results.set(question, { source, ...(rcode !== undefined && { rcode }), ...(ttlS !== undefined && { ttlS }) });
      for (const map of [rcodes, ttls]) for (const key of [transaction, question]) map.delete(key);
    }],
    [/^Sending response packet with id (\d+) /, (word = '') => {
      const question = asked.get(word);
      if (!question) return;
      asked.delete(word);
      const { source, ...told } = results.get(`${question.name} IN ${question.type}`) ?? { source: 'not told' };
      events.answer({ queryId: Number(word), ...question, source, ...told });
    }],
  ];
  return {
    line: (text) => {
      for (const [pattern, take] of rules) {
        const [found, ...words] = pattern.exec(text) ?? [];
        if (found === undefined) continue;
        take(...words);
        return;
      }
    },
    flush: () => undefined,
  };
}

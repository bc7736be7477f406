/** unbound(8), as a forwarder. Its log names the question, the response code, and whether the answer came from the cache; not the addresses. */
import type { ResolverProgram } from './program.ts';

export const unbound: ResolverProgram = {
  summary: 'unbound, on a host of its own',
  install: { packages: 'unbound' },
  file: 'unbound',
  version: ['-V'],
  // serve-expired-client-timeout came with 1.9.
  staleSince: '1.9',
  // The namespace of a lab has one user only, so unbound cannot change to another one. `test.`: unbound answers this zone by itself, with NXDOMAIN
  // (RFC 6761), unless it is told not to. 1800 ms: RFC 8767 section 5 and unbound.conf(5) recommend it.
  files: ({ ipv4, ipv6, server, serveStale, folder }) => ({
    [`${folder}/unbound.conf`]: `server:
  username: ""
  chroot: ""
  directory: "${folder}"
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  logfile: ""
  log-queries: yes
  log-replies: yes
  log-tag-queryreply: yes
  num-threads: 1
  interface: ${ipv4}
  interface: ${ipv6}
  access-control: 0.0.0.0/0 allow
  access-control: ::/0 allow
  module-config: "iterator"
  local-zone: "test." transparent
${serveStale ? '  serve-expired: yes\n  serve-expired-client-timeout: 1800\n' : ''}forward-zone:
  name: "."
  forward-addr: ${server}
remote-control:
  control-enable: no
`,
  }),
  start: (file, { folder }) => [file, '-d', '-p', '-c', `${folder}/unbound.conf`],
  listening: ({ ipv4 }) => ({ host: ipv4, port: 53 }),
  readLog: (events) => ({
    line: (text) => {
      const asked = / query: (\S+) (\S+)\. (\S+) IN$/.exec(text);
      if (asked) {
        const [, from = '', name = '', type = ''] = asked;
        events.query({ name, type, from });
      }
      // The seconds that it took, 1 for an answer from the cache, and the size in bytes: unbound.conf(5), log-replies.
      const answered = / reply: (\S+) (\S+)\. (\S+) IN (\S+) [\d.]+ ([01]) \d+$/.exec(text);
      if (answered) {
        const [, , name = '', type = '', rcode = '', cached] = answered;
        events.answer({ name, type, source: cached === '1' ? 'cache' : 'forwarded', rcode });
      }
    },
    flush: () => undefined,
  }),
};

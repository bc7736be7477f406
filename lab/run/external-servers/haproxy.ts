/** HAProxy: a new process takes over the listening sockets, and asks the old process to finish (haproxy(1), `-sf`). */
import { alpnNames } from '../../vocabulary/topology.ts';
import type { ExternalServer } from './external-server.ts';

export const haproxy: ExternalServer = {
  summary: 'HAProxy, replaced by a new process with `-sf`',
  install: { packages: 'haproxy' },
  version: ['haproxy', '-v'],
  configuration: ({ addresses, port, tls }) => `defaults
  mode http
  timeout client 75s
  timeout http-keep-alive 75s
frontend web
  ${addresses.map((address) => `bind ${address}:${port}${tls ? ` ssl crt ${tls.certificate} alpn ${tls.offers.map((version) => alpnNames[version]).join(',')}` : ''}`).join('\n  ')}
  http-request return status 200 content-type text/plain lf-string "Hello, World from %[dst]\\n" hdr X-Process "%pid"
`,
  start: (file) => ['haproxy', '-db', '-f', file],
  // -db: stay in the foreground. -sf: the process with this pid finishes as soon as the new one listens.
  reload: ({ pids, file, start }) => start(['haproxy', '-db', '-f', file, '-sf', String(pids.at(-1))]),
};

/** nginx: a reload starts new workers, and asks the old workers to finish (https://nginx.org/en/docs/control.html). */
import { expectSuccess, type ExternalServer } from './external-server.ts';

export const nginx: ExternalServer = {
  summary: 'nginx, reloaded with `nginx -s reload`',
  install: { packages: 'nginx-light' },
  version: ['nginx', '-v'],
  // The namespace of a lab has one user only, so workers cannot change to another one. Idle connections live longer than any scenario, and no number of requests ends a connection.
  configuration: ({ addresses, port, tls }, directory) => `worker_processes 1;
user root;
pid ${directory}/pid;
error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off;
  keepalive_timeout 75s;
  keepalive_requests 1000000;
  client_body_temp_path ${directory}/body; proxy_temp_path ${directory}/proxy; fastcgi_temp_path ${directory}/fastcgi;
  uwsgi_temp_path ${directory}/uwsgi; scgi_temp_path ${directory}/scgi;
  server {
    ${addresses.map((address) => `listen ${address.includes(':') ? `[${address}]` : address}:${port}${tls ? ` ssl${tls.offers.includes('2') ? ' http2' : ''}` : ''};`).join(' ')}
    ${tls ? `ssl_certificate ${tls.certificate}; ssl_certificate_key ${tls.certificate};` : ''}
    default_type text/plain;
    add_header X-Process $pid;
    location / { return 200 "Hello, World from $server_addr\\n"; }
  }
}
`,
  start: (file, directory) => ['nginx', '-c', file, '-p', directory, '-g', 'daemon off;'],
  reload: ({ host, file, directory }) => expectSuccess(host.run(['nginx', '-c', file, '-p', directory, '-s', 'reload']), 'nginx -s reload'),
};

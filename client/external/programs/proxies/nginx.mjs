/** nginx as a reverse proxy. Open-source nginx before 1.27.3 looks a name in its configuration up at its start and never again; it re-resolves a variable alone. */

/**
 * https://nginx.org/en/docs/beginners_guide.html#proxy: one `proxy_pass`, and nothing set. "If a domain name resolves to several addresses, all of them will be
 * used in a round-robin fashion" (https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_pass).
 */
export function byDefault(upstream) {
  return nginx(upstream, '', `location / { proxy_pass http://${upstream.host}:${upstream.port}; }`);
}

/**
 * https://docs.nginx.com/nginx/admin-guide/load-balancer/http-health-check/ (passive health checks, with these numbers), and connections that are kept, as
 * https://nginx.org/en/docs/http/ngx_http_upstream_module.html#keepalive shows them.
 */
export function failover(upstream) {
  return nginx(
    upstream,
    `upstream backend { server ${upstream.host}:${upstream.port} max_fails=3 fail_timeout=30s; keepalive 16; }`,
    'location / { proxy_pass http://backend; proxy_http_version 1.1; proxy_set_header Connection ""; }',
  );
}

/**
 * A name in a variable is looked up while nginx runs, at the name server that `resolver` names, and kept as long as its TTL says
 * (https://nginx.org/en/docs/http/ngx_http_core_module.html#resolver).
 */
export function resolver(upstream) {
  return nginx(upstream, `resolver ${upstream.nameserver};`, `location / { set $upstream http://${upstream.host}:${upstream.port}; proxy_pass $upstream; }`);
}

function nginx({ address, listenPort, folder }, inHttp, inServer) {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${folder}/${name};`).join(' ');
  return {
    files: {
      'nginx.conf': `pid ${folder}/pid;
error_log stderr;
events { }
http {
  access_log off;
  ${temporary}
  ${inHttp}
  server {
    listen ${address}:${listenPort};
    ${inServer}
  }
}
`,
    },
    // -e: before it has read its configuration, nginx writes to a log of the machine.
    argv: ['nginx', '-e', 'stderr', '-p', folder, '-c', `${folder}/nginx.conf`, '-g', 'daemon off;'],
  };
}

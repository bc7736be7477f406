/** Caddy as a reverse proxy. */

/** https://caddyserver.com/docs/quick-starts/reverse-proxy: `reverse_proxy` and the upstream, and nothing set. Go's net/http looks the name up for each new connection. */
export function byDefault(upstream) {
  return caddy(upstream, `reverse_proxy ${upstream.host}:${upstream.port}`);
}

/**
 * https://caddyserver.com/docs/caddyfile/directives/reverse_proxy: upstreams from the A and AAAA records (`dynamic a`, looked up again after a minute), passive health
 * checks (`fail_duration`, off by default), and `lb_try_duration`, without which no other upstream is tried.
 */
export function failover(upstream) {
  return caddy(
    upstream,
    `reverse_proxy {
    dynamic a ${upstream.host} ${upstream.port}
    lb_try_duration 5s
    fail_duration 30s
  }`,
  );
}

function caddy({ address, listenPort, folder }, directive) {
  return {
    files: {
      Caddyfile: `{
  admin off
  auto_https off
}
http://:${listenPort} {
  bind ${address}
  ${directive}
}
`,
    },
    // Its own data and settings go below HOME, which is the folder.
    argv: ['caddy', 'run', '--config', `${folder}/Caddyfile`, '--adapter', 'caddyfile'],
  };
}

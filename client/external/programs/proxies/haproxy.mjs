/** HAProxy as a reverse proxy. */

/**
 * The first example of its manual, with the name of the lab (https://docs.haproxy.org/2.6/configuration.html#2.6): one server line. A name in it is looked up once,
 * at the start (`init-addr last,libc`), and the server is one of its addresses.
 */
export function byDefault(upstream) {
  return haproxy(upstream, `server server1 ${upstream.host}:${upstream.port} maxconn 32`);
}

/**
 * Servers from DNS, which are looked up again, checked, and left after an error:
 * - https://docs.haproxy.org/2.6/configuration.html#5.3.2 (a `resolvers` section; `parse-resolv-conf` takes the name server of the host),
 * - https://docs.haproxy.org/2.6/configuration.html#server-template (one server for each address of a name),
 * - https://docs.haproxy.org/2.6/configuration.html#5.2-check and #option%20redispatch (health checks, and another server for the last retry).
 *
 * `init-addr` is the value of the example in #5.2-init-addr, "never fail on address resolution": HAProxy also starts with a name that has no address yet.
 */
export function failover(upstream) {
  return haproxy(
    upstream,
    `option redispatch
  server-template web 3 ${upstream.host}:${upstream.port} check resolvers mydns init-addr last,libc,none`,
    'resolvers mydns\n  parse-resolv-conf',
  );
}

function haproxy({ address, listenPort, folder }, inBackend, resolvers = '') {
  return {
    files: {
      'haproxy.cfg': `defaults
  mode http
  timeout connect 5000ms
  timeout client 50000ms
  timeout server 50000ms
${resolvers}
frontend http-in
  bind ${address}:${listenPort}
  default_backend servers
backend servers
  ${inBackend}
`,
    },
    // -db: stay in the foreground.
    argv: ['haproxy', '-db', '-f', `${folder}/haproxy.cfg`],
  };
}

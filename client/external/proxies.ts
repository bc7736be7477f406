/**
 * Reverse proxies: each one with the smallest configuration of its documentation, and as its documentation sets failover up. programs/proxies/ has the
 * configurations, and the pages of documentation that they come from. The client behind the proxy is plain, and its packets stay on loopback. So the packets,
 * queries and requests that a run shows are the proxy's.
 */
import { programPath, versionFrom, type Profile } from './profile.ts';

interface Proxy {
  /** The file in programs/proxies/. */
  program: string;
  /** The Debian package. */
  packages: string;
  /** The argv that prints its version. */
  version: readonly string[];
}

/** `setUp` is the name of the function in the proxy's file. */
function proxy({ program, packages, version: argv }: Proxy, setUp: string, summary: string): Profile {
  return {
    summary,
    install: { packages },
    tls: null,
    find: async (host) => {
      const version = await versionFrom(host, argv);
      return version === null ? null : { version, program: { asked: 'over stdin', argv: [host.node, programPath(host, 'proxy.mjs'), program, setUp], saysReady: true } };
    },
  };
}

const nginx: Proxy = { program: 'nginx', packages: 'nginx-light', version: ['nginx', '-v'] };
const haproxy: Proxy = { program: 'haproxy', packages: 'haproxy', version: ['haproxy', '-v'] };
const apache: Proxy = { program: 'apache', packages: 'apache2', version: ['apache2', '-v'] };
const caddy: Proxy = { program: 'caddy', packages: 'caddy', version: ['caddy', 'version'] };
const squid: Proxy = { program: 'squid', packages: 'squid', version: ['squid', '-v'] };
// A configuration becomes C, so it needs a compiler.
const varnish: Proxy = { program: 'varnish', packages: 'varnish', version: ['varnishd', '-V'] };

export const proxyProfiles = {
  'nginx-proxy': proxy(nginx, 'byDefault', 'nginx as a reverse proxy, `proxy_pass` with a name, and nothing set'),
  'nginx-failover': proxy(nginx, 'failover', 'nginx as a reverse proxy, `upstream` with passive health checks and kept connections'),
  'nginx-resolver': proxy(nginx, 'resolver', 'nginx as a reverse proxy, `resolver` and a variable in `proxy_pass`: it looks the name up again'),
  'haproxy-proxy': proxy(haproxy, 'byDefault', 'HAProxy, one `server` line with a name, and nothing set'),
  'haproxy-failover': proxy(haproxy, 'failover', 'HAProxy, `server-template` with `resolvers`, health checks and `option redispatch`'),
  'apache-proxy': proxy(apache, 'byDefault', 'Apache httpd, `ProxyPass` with a name, and nothing set'),
  'apache-failover': proxy(apache, 'failover', 'Apache httpd, a balancer whose members are the addresses of the name at its start'),
  'caddy-proxy': proxy(caddy, 'byDefault', 'Caddy, `reverse_proxy` with a name, and nothing set'),
  'caddy-failover': proxy(caddy, 'failover', 'Caddy, dynamic upstreams from DNS, passive health checks and `lb_try_duration`'),
  'varnish-proxy': proxy(varnish, 'byDefault', 'Varnish without its cache, one backend: an address of the name at its start'),
  'varnish-failover': proxy(varnish, 'failover', 'Varnish without its cache, a round-robin director and probes, over the addresses of the name at its start'),
  'squid-proxy': proxy(squid, 'byDefault', 'Squid as an accelerator, one `cache_peer` with a name, and nothing set'),
  'squid-failover': proxy(squid, 'failover', 'Squid as an accelerator, one `cache_peer` in turn for each address of the name at its start'),
} satisfies Record<string, Profile>;

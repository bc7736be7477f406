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

export const proxyProfiles = {
  'nginx-proxy': proxy(nginx, 'byDefault', 'nginx as a reverse proxy, `proxy_pass` with a name, and nothing set'),
  'nginx-proxy-failover': proxy(nginx, 'failover', 'nginx as a reverse proxy, `upstream` with passive health checks and kept connections'),
  'nginx-proxy-resolver': proxy(nginx, 'resolver', 'nginx as a reverse proxy, `resolver` and a variable in `proxy_pass`: it looks the name up again'),
  'haproxy-proxy': proxy(haproxy, 'byDefault', 'HAProxy, one `server` line with a name, and nothing set'),
  'haproxy-proxy-failover': proxy(haproxy, 'failover', 'HAProxy, `server-template` with `resolvers`, health checks and `option redispatch`'),
} satisfies Record<string, Profile>;

import { programPath, versionFrom, type Profile } from './profile.ts';
import { browserPolicy } from './tls.ts';

export const chromium: Profile = {
  summary: 'headless Chromium, which navigates to the URL',
  install: { packages: 'chromium' },
  tls: { givenBy: 'the policy `CACertificates`', give: (ca) => ({ prepare: browserPolicy(ca) }), http2: 'by default' },
  find: async (host) => {
    for (const browser of ['chromium', 'google-chrome', 'chrome']) {
      const version = await versionFrom(host, [browser, '--version']);
      if (version === null) continue;
      return {
        version,
        program: { asked: 'over stdin', argv: [host.node, programPath(host, 'chromium.mjs'), browser], saysReady: true },
        // Chromium sends AAAA queries only if the kernel has a route to this address (net/dns/host_resolver_manager.cc). To find out, it
        // connects a UDP socket to the address, which sends no packet. The lab's flat network has no such route, so Chromium would use IPv4 only.
        prepare: ['ip', '-6', 'route', 'replace', '2001:4860:4860::8888/128', 'dev', 'eth0'],
      };
    }
    return null;
  },
};

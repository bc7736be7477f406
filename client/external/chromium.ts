import { programPath, versionFrom, type Profile } from './profile.ts';
import { browserPolicy } from './tls.ts';

/** Headless Chromium with further words on its command line. */
function headless(summary: string, words: readonly string[]): Profile {
  return {
    summary,
    install: { packages: 'chromium' },
    tls: { givenBy: 'the policy `CACertificates`', give: (ca) => ({ prepare: browserPolicy(ca) }), http2: 'by default' },
    find: async (host) => {
      for (const browser of ['chromium', 'google-chrome', 'chrome']) {
        const version = await versionFrom(host, [browser, '--version']);
        if (version === null) continue;
        return {
          version,
          program: { asked: 'over stdin', argv: [host.node, programPath(host, 'chromium.mjs'), browser, ...words], saysReady: true },
          // Chromium sends AAAA queries only if the kernel has a route to this address (net/dns/host_resolver_manager.cc). To find out, it
          // connects a UDP socket to the address, which sends no packet. The lab's flat network has no such route, so Chromium would use IPv4 only.
          prepare: ['ip', '-6', 'route', 'replace', '2001:4860:4860::8888/128', 'dev', 'eth0'],
        };
      }
      return null;
    },
  };
}

export const chromium = headless('headless Chromium, which navigates to the URL', []);

/** With its own resolver Chromium also asks for the HTTPS record, and tries QUIC if the record announces h3. With the resolver of the C library it does neither. */
export const chromiumAsyncDns = headless('headless Chromium with its own DNS resolver (the feature AsyncDns), which asks for HTTPS records, too', ['--enable-features=AsyncDns']);

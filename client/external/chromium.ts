import { programPath, versionFrom, type Profile } from './profile.ts';

export const chromium: Profile = {
  summary: 'headless Chromium, which navigates to the URL',
  install: 'apt-get install chromium',
  find: async (host) => {
    for (const browser of ['chromium', 'google-chrome', 'chrome']) {
      const version = await versionFrom(host, [browser, '--version']);
      if (version === null) continue;
      return {
        version,
        program: { asked: 'over stdin', argv: [host.node, programPath(host, 'chromium.mjs'), browser], saysReady: true },
        // Chromium asks for AAAA only where the kernel has a route to this address (net/dns/host_resolver_manager.cc): it connects
        // a UDP socket to it, which sends nothing. A flat network has none, and every name would seem to have IPv4 alone.
        prepare: ['ip', '-6', 'route', 'replace', '2001:4860:4860::8888/128', 'dev', 'eth0'],
      };
    }
    return null;
  },
};

/** Other versions of Node. The npm package `node` contains the binary of a release. */
import { npmFolder } from './npm.ts';
import { programPath, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

/**
 * The releases whose HTTP clients behave differently: keep-alive, order of addresses, attempt delay. 24.0 is the first release of the line
 * on which the lab itself runs. The last one of the list is the newest major version, of which the newest release is installed.
 */
export const nodeReleases = ['18', '20', '22', '24.0', '26'] as const;
type Release = (typeof nodeReleases)[number];

function node(release: Release, transport: 'fetch' | 'http'): Profile {
  const what = transport === 'fetch' ? 'fetch' : 'node:http with its global agent';
  return {
    summary: `Node ${release}, ${what}, with default settings`,
    install: { npm: `node@${release}`, folder: `node-${release}`, image: `node:${release}` },
    // undici, and with it fetch, offers HTTP/2 by default since its version 8, which came with Node 26.
    tls: byVariable('NODE_EXTRA_CA_CERTS', transport === 'fetch' && release === '26' ? 'by default' : 'never'),
    find: async (host) => {
      // An image of Node has the release on its PATH.
      for (const binary of [`${npmFolder(host, `node-${release}`)}/node_modules/node/bin/node`, 'node']) {
        const version = await versionFrom(host, [binary, '--version']);
        if (version?.startsWith(`${release}.`)) return { version, program: { asked: 'over stdin', argv: [binary, programPath(host, `node_${transport}.mjs`)], saysReady: true } };
      }
      return null;
    },
  };
}

export const nodeProfiles = {
  'node-18-fetch': node('18', 'fetch'),
  'node-18-http': node('18', 'http'),
  'node-20-fetch': node('20', 'fetch'),
  'node-20-http': node('20', 'http'),
  'node-22-fetch': node('22', 'fetch'),
  'node-22-http': node('22', 'http'),
  'node-24.0-fetch': node('24.0', 'fetch'),
  'node-24.0-http': node('24.0', 'http'),
  'node-26-fetch': node('26', 'fetch'),
  'node-26-http': node('26', 'http'),
} satisfies Record<string, Profile>;

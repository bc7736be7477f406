import { npmFolder } from './npm.ts';
import { programPath, versionFrom, type Profile } from './profile.ts';

/** Pinned because Bun has its own HTTP client, whose pool and DNS cache change in minor versions. */
const version = '1.4.5';

export const bun: Profile = {
  summary: "Bun's fetch, with default settings; over HTTP only, because Bun does not take the lab's CA (docs/tls.md)",
  install: { npm: `bun@${version}`, folder: 'bun', image: `oven/bun:${version}` },
  // Its BoringSSL knows no name constraints for addresses, and the lab's CA has some: UNSUPPORTED_CONSTRAINT_TYPE.
  tls: null,
  find: async (host) => {
    // An image of Bun has it on its PATH.
    for (const binary of [`${npmFolder(host, 'bun')}/node_modules/.bin/bun`, 'bun']) {
      const found = await versionFrom(host, [binary, '--version']);
      if (found !== null) return { version: found, program: { asked: 'over stdin', argv: [binary, programPath(host, 'node_fetch.mjs')], saysReady: true } };
    }
    return null;
  },
};

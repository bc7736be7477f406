import { npmFolder } from './npm.ts';
import { programPath, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

/** Pinned because Deno's fetch is made of Rust libraries (hyper, rustls) that change in minor versions. */
const version = '2.9.6';

export const deno: Profile = {
  summary: "Deno's fetch, with default settings",
  install: { npm: `deno@${version}`, folder: 'deno', image: `denoland/deno:${version}` },
  tls: byVariable('DENO_CERT', 'by default'),
  find: async (host) => {
    // An image of Deno has it on its PATH.
    for (const binary of [`${npmFolder(host, 'deno')}/node_modules/deno/deno`, 'deno']) {
      const found = await versionFrom(host, [binary, '--version']);
      if (found === null) continue;
      // Without --no-config, Deno would read the package.json of this project. Without the variable, it would ask dl.deno.land for a newer version of itself.
      const argv = [binary, 'run', '--no-config', '--allow-net', programPath(host, 'node_fetch.mjs')];
      return { version: found, program: { asked: 'over stdin', argv, saysReady: true, variables: { DENO_NO_UPDATE_CHECK: '1' } } };
    }
    return null;
  },
};

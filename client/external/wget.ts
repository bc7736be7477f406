import { versionFrom, type Profile } from './profile.ts';

export const wget: Profile = {
  summary: 'GNU Wget, one process for each request; it treats a status of 400 or more as an error',
  install: { packages: 'wget' },
  tls: { givenBy: 'the option `--ca-certificate`', give: ({ pem }) => ({ words: [`--ca-certificate=${pem}`] }), http2: 'never' },
  find: async (host) => {
    const version = await versionFrom(host, ['wget', '--version']);
    if (version === null) return null;
    // --no-config: Wget reads no ~/.wgetrc. Wget does not print the status of a response.
    return { version, program: { asked: 'by arguments', argv: ['wget', '--no-config', '--no-verbose', '--output-document=-', '--method={method}', '{url}'] } };
  },
};

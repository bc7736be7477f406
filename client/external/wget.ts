import { versionFrom, type Profile } from './profile.ts';

export const wget: Profile = {
  summary: 'GNU Wget, a process a request; a status of 400 or more is an error to it',
  install: 'apt-get install wget',
  find: async (host) => {
    const version = await versionFrom(host, ['wget', '--version']);
    if (version === null) return null;
    // --no-config: no ~/.wgetrc. It does not tell the status of what it got.
    return { version, program: { asked: 'by arguments', argv: ['wget', '--no-config', '--no-verbose', '--output-document=-', '--method={method}', '{url}'] } };
  },
};

import { versionFrom, type Profile } from './profile.ts';

export const curl: Profile = {
  summary: 'curl, a process a request',
  install: 'apt-get install curl',
  find: async (host) => {
    const version = await versionFrom(host, ['curl', '--version']);
    if (version === null) return null;
    return {
      version,
      program: {
        asked: 'by arguments',
        // --disable: no ~/.curlrc. The status comes on a line of its own behind the body.
        argv: ['curl', '--disable', '--silent', '--show-error', '--write-out', '\\n%{http_code}', '--request', '{method}', '{url}'],
        read: (stdout) => {
          const lines = stdout.split('\n');
          const status = Number(lines.pop());
          return { status: status > 0 ? status : null, body: lines.join('\n') };
        },
      },
    };
  },
};

import { versionFrom, type Profile } from './profile.ts';

export const curl: Profile = {
  summary: 'curl, one process for each request',
  install: { packages: 'curl' },
  find: async (host) => {
    const version = await versionFrom(host, ['curl', '--version']);
    if (version === null) return null;
    return {
      version,
      program: {
        asked: 'by arguments',
        // --disable: curl reads no ~/.curlrc. --write-out: curl prints the status on its own line after the body.
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

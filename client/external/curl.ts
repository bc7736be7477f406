import { number, wholeNumber } from '../../lab/vocabulary/values.ts';
import { versionIn, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

export const curl: Profile = {
  summary: 'curl, one process for each request',
  install: { packages: 'curl' },
  tls: byVariable('CURL_CA_BUNDLE', 'by default'),
  timeouts: 'connect-timeout=2&max-time=5',
  variants: {
    'connect-timeout': { kind: number, doc: 'how long connecting may take, in s; without it 300 s' },
    'max-time': { kind: number, doc: 'how long the whole request may take, in s; without it there is no limit' },
    retry: { kind: wholeNumber(), doc: 'how many times a request is made again after a status such as 503 or a time limit; without it never' },
  },
  find: async (host) => {
    const { exitCode, stdout } = await host.run(['curl', '--version']);
    const version = exitCode === 0 ? versionIn(stdout) : null;
    if (version === null) return null;
    return {
      version,
      ...(/\bHTTP2\b/.test(stdout) ? {} : { lacks: { http2: 'install a curl whose --version names HTTP2' } }),
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

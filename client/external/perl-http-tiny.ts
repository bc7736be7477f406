import { programPath, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

export const perlHttpTiny: Profile = {
  summary: "Perl's HTTP::Tiny, which keeps one connection",
  install: { packages: 'perl libio-socket-ssl-perl' },
  tls: byVariable('SSL_CERT_FILE', 'never'),
  find: async (host) => {
    const version = await versionFrom(host, ['perl', '-MHTTP::Tiny', '-MJSON::PP', '-e', 'print HTTP::Tiny->VERSION']);
    if (version === null) return null;
    const ssl = await host.run(['perl', '-MIO::Socket::SSL', '-e', '']);
    return {
      version,
      program: { asked: 'over stdin', argv: ['perl', programPath(host, 'perl_http_tiny.pl')], saysReady: true },
      ...(ssl.exitCode === 0 ? {} : { lacks: { tls: 'apt-get install libio-socket-ssl-perl' } }),
    };
  },
};

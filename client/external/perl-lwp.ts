import { programPath, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

export const perlLwp: Profile = {
  summary: "Perl's LWP::UserAgent with keep_alive",
  install: { packages: 'libwww-perl liblwp-protocol-https-perl' },
  tls: byVariable('PERL_LWP_SSL_CA_FILE', 'never'),
  find: async (host) => {
    const version = await versionFrom(host, ['perl', '-MLWP::UserAgent', '-MJSON::PP', '-e', 'print LWP::UserAgent->VERSION']);
    if (version === null) return null;
    const https = await host.run(['perl', '-MLWP::Protocol::https', '-e', '']);
    return {
      version,
      program: { asked: 'over stdin', argv: ['perl', programPath(host, 'perl_lwp.pl')], saysReady: true },
      ...(https.exitCode === 0 ? {} : { lacks: { tls: 'apt-get install liblwp-protocol-https-perl' } }),
    };
  },
};

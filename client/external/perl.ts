import { programPath, versionFrom, type Profile } from './profile.ts';

export const perlLwp: Profile = {
  summary: "Perl's LWP::UserAgent with keep_alive",
  install: { packages: 'libwww-perl' },
  find: async (host) => {
    const version = await versionFrom(host, ['perl', '-MLWP::UserAgent', '-MJSON::PP', '-e', 'print LWP::UserAgent->VERSION']);
    return version === null ? null : { version, program: { asked: 'over stdin', argv: ['perl', programPath(host, 'perl_lwp.pl')], saysReady: true } };
  },
};

import { programPath, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

export const ruby: Profile = {
  summary: "Ruby's Net::HTTP with one started connection for each server",
  install: { packages: 'ruby' },
  tls: byVariable('SSL_CERT_FILE', 'never'),
  find: async (host) => {
    const version = await versionFrom(host, ['ruby', '--version']);
    return version === null ? null : { version, program: { asked: 'over stdin', argv: ['ruby', programPath(host, 'ruby_net_http.rb')], saysReady: true } };
  },
};

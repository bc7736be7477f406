/** Clients in Ruby: Net::HTTP of the standard library, and libraries that gem or the distribution installs. */
import type { Installation } from '../../lab/vocabulary/installation.ts';
import { programPath, versionFrom, type Profile } from './profile.ts';
import { byVariable } from './tls.ts';

/** `file` is the name of the program. `argv` is the command that prints the version. It fails if the library is not there. */
function ruby(summary: string, install: Installation, file: string, argv: readonly string[]): Profile {
  return {
    summary,
    install,
    tls: byVariable('SSL_CERT_FILE', 'never'),
    find: async (host) => {
      const version = await versionFrom(host, ['ruby', ...argv]);
      return version === null ? null : { version, program: { asked: 'over stdin', argv: ['ruby', programPath(host, file)], saysReady: true } };
    },
  };
}

/** A library, and the constant with its version. */
function gem(name: string, summary: string, version: string): Profile {
  return ruby(summary, { packages: `ruby-${name}`, or: `gem install ${name}` }, `ruby_${name}.rb`, ['-e', `require "${name}"; puts ${version}`]);
}

export const rubyProfiles = {
  ruby: ruby("Ruby's Net::HTTP with one started connection for each server", { packages: 'ruby' }, 'ruby_net_http.rb', ['--version']),
  'ruby-faraday': gem('faraday', 'Ruby Faraday with one connection object and its default adapter Net::HTTP, which keeps no connection', 'Faraday::VERSION'),
  'ruby-httparty': gem('httparty', 'Ruby HTTParty, which keeps no connection', 'HTTParty::VERSION'),
  'ruby-excon': gem('excon', 'Ruby Excon with one persistent connection for each server', 'Excon::VERSION'),
} satisfies Record<string, Profile>;

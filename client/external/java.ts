import { programPath, sourceHash, versionFrom, type Profile } from './profile.ts';
import { javaTrustStore } from './tls.ts';

export const java: Profile = {
  summary: "Java's java.net.http.HttpClient, one shared client with default settings",
  install: { packages: 'default-jdk-headless' },
  tls: { givenBy: 'the option `-Djavax.net.ssl.trustStore`', give: ({ jks }) => ({ words: [javaTrustStore(jks)] }), http2: 'by default' },
  find: async (host) => {
    const version = await versionFrom(host, ['javac', '-version']);
    if (version === null) return null;
    const folder = `${host.root}/node_modules/.cache/clients/java-${sourceHash(['Client.java'])}-${version}`;
    return {
      version,
      // Two JVMs with the same pid, in two labs, would share /tmp/hsperfdata_<user>/<pid>, and one of them would print a warning on stdout.
      program: { asked: 'over stdin', argv: ['java', '-XX:-UsePerfData', '-cp', folder, 'Client'], saysReady: true, newConnections: ['--new-connections'] },
      // Compile under a temporary name and then rename: two runs may compile at the same time. The second run deletes its own result.
      prepare: ['sh', '-c', 'test -d "$1" && exit; javac -d "$1.$$" "$2" && { mv -T "$1.$$" "$1" 2>/dev/null || rm -r "$1.$$"; }', 'sh', folder, programPath(host, 'Client.java')],
    };
  },
};

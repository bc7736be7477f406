/** Clients in Java: the two of the JDK, and three libraries of Maven Central, which Debian packages. They are compiled once, with the JDK that runs them. */
import { programPath, sourceHash, versionFrom, versionIn, type ClientHost, type Found, type Profile } from './profile.ts';
import { javaTrustStore, type Http2, type Tls } from './tls.ts';

/** Where Debian's packages put the libraries. */
const jarFolder = '/usr/share/java';

function tls(http2: Http2): Tls {
  return { givenBy: 'the option `-Djavax.net.ssl.trustStore`', give: ({ jks }) => ({ words: [javaTrustStore(jks)] }), http2 };
}

/** Returns the client with this main class. `bin` is what stands before `java` and `javac` on the command line. */
function found(host: ClientHost, { main, version, bin = '', jars = [] }: { main: string; version: string; bin?: string; jars?: readonly string[] }): Found {
  const folder = `${host.root}/node_modules/.cache/clients/java-${main}-${sourceHash(['java/LabProtocol.java', `java/${main}.java`])}-${version.replaceAll(' ', '-')}`;
  const classPath = [folder, ...jars.map((jar) => `${jarFolder}/${jar}.jar`)].join(':');
  // Compile under a temporary name and then rename: two runs may compile at the same time. The second run deletes its own result.
  const script = 'test -d "$1" && exit; "$2" -nowarn -cp "$3" -d "$1.$$" "$4" "$5" && { mv -T "$1.$$" "$1" 2>/dev/null || rm -r "$1.$$"; }';
  return {
    version,
    // Two JVMs with the same pid, in two labs, would share /tmp/hsperfdata_<user>/<pid>, and one of them would print a warning on stdout.
    program: { asked: 'over stdin', argv: [`${bin}java`, '-XX:-UsePerfData', '-cp', classPath, main], saysReady: true, ...(main === 'NetHttp' && { newConnections: ['--new-connections'] }) },
    prepare: ['sh', '-c', script, 'sh', folder, `${bin}javac`, classPath, programPath(host, 'java/LabProtocol.java'), programPath(host, `java/${main}.java`)],
  };
}

/** A client of the JDK that is on the PATH. */
function ofJdk(summary: string, main: string, http2: Http2): Profile {
  return {
    summary,
    install: { packages: 'default-jdk-headless' },
    tls: tls(http2),
    find: async (host) => {
      const version = await versionFrom(host, ['javac', '-version']);
      return version === null ? null : found(host, { main, version });
    },
  };
}

/** A client of a library. The first of its `jars` is the library itself. */
function ofLibrary(summary: string, main: string, { packages, jars, http2 }: { packages: string; jars: readonly string[]; http2: Http2 }): Profile {
  return {
    summary,
    install: { packages: `${packages} default-jdk-headless` },
    tls: tls(http2),
    find: async (host) => {
      const java = await versionFrom(host, ['javac', '-version']);
      // A second name of the library has its version: httpclient5-5.2.1.jar.
      const { exitCode, stdout } = await host.run(['sh', '-ec', 'cd "$1"; shift; for jar; do test -f "$jar.jar"; done; ls "$1"-[0-9]*.jar', 'sh', jarFolder, ...jars]);
      if (java === null || exitCode !== 0) return null;
      return found(host, { main, version: `${versionIn(stdout) ?? 'unknown'} Java ${java}`, jars });
    },
  };
}

/** Prints the version and the folder of the newest JDK in the folder in which distributions put them. */
const newestScript = 'for each in /usr/lib/jvm/*/bin/javac; do [ -L "${each%/bin/javac}" ] || [ ! -x "$each" ] || echo "$("$each" -version 2>&1) ${each%javac}"; done | sort -V | tail -n 1';

const newest: Profile = {
  summary: "Java's java.net.http.HttpClient with the newest JDK of /usr/lib/jvm, if it is newer than the one on the PATH",
  install: { packages: 'openjdk-25-jdk-headless', or: 'unpack a newer JDK into /usr/lib/jvm' },
  tls: tls('by default'),
  find: async (host) => {
    const [usual, { stdout }] = await Promise.all([versionFrom(host, ['javac', '-version']), host.run(['sh', '-c', newestScript])]);
    const [, version, bin = ''] = /^javac (\S+) (.*)$/.exec(stdout.trim()) ?? [];
    const isNewer = version !== undefined && Number(/^\d+/.exec(version)) > Number(/^\d+/.exec(usual ?? '0'));
    return isNewer ? found(host, { main: 'NetHttp', version, bin }) : null;
  },
};

export const javaProfiles = {
  java: ofJdk("Java's java.net.http.HttpClient, one shared client with default settings", 'NetHttp', 'by default'),
  'java-newest': newest,
  'java-url-connection': ofJdk("Java's HttpURLConnection, with default settings", 'UrlConnection', 'never'),
  'java-okhttp': ofLibrary('Java OkHttp, one shared client with default settings', 'OkHttp', { packages: 'libokhttp-java', jars: ['okhttp', 'okio'], http2: 'by default' }),
  'java-apache-5': ofLibrary('Apache HttpClient 5 for Java, one shared client with default settings', 'Apache5', {
    packages: 'libhttpclient5-java', jars: ['httpclient5', 'httpcore5', 'httpcore5-h2', 'slf4j-api'], http2: 'never',
  }),
  'java-apache-4': ofLibrary('Apache HttpClient 4 for Java, one shared client with default settings', 'Apache4', {
    packages: 'libhttpclient-java', jars: ['httpclient', 'httpcore', 'commons-logging', 'commons-codec'], http2: 'never',
  }),
} satisfies Record<string, Profile>;

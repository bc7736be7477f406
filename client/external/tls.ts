/** How clients that are not ours are given the CA of a lab over HTTPS, as their users would do it, and which of them speak HTTP/2. docs/tls.md */

/** The CA of a lab, in files on the client's host. */
export interface CaFiles {
  /** The certificate of the root CA (PEM). */
  pem: string;
  /** The same as a trust store of Java. */
  jks: string;
  /** A wgetrc that names `pem`, behind the settings of the user's own. */
  wgetrc: string;
  /** The folder of `jks` and `wgetrc`. It also has a file with settings for PHP, and nothing else. */
  folder: string;
  /** The driver of the lab: on `netns` the host has the files of this machine, and on `docker` those of a container. */
  driver: string;
  /** The values that two variables have on the host, to which the lab adds something. Empty if they are not set. */
  inherited: Record<'JAVA_TOOL_OPTIONS' | 'PHP_INI_SCAN_DIR', string>;
}

/** What gives a client the CA. */
export interface Given {
  /** Variables of its environment. */
  variables?: Readonly<Record<string, string>>;
  /** Words that stand directly behind the name of the program. */
  words?: readonly string[];
  /** A command that runs once in each lab, before the client starts, as `Found.prepare` does. */
  prepare?: readonly string[];
}

/** Whether a client speaks HTTP/2, if the server offers it by ALPN: by its default settings, if it is told to, or never. */
export type Http2 = 'by default' | 'by option' | 'never';

/** How a client speaks TLS. */
export interface Tls {
  /** What a user sets to give it a CA, for tables: ``the variable `CURL_CA_BUNDLE` ``. */
  givenBy: string;
  /** Gives it the CA, and changes nothing else. */
  give(ca: CaFiles): Given;
  http2: Http2;
  /** The words that switch HTTP/2 on, behind all others. Only where `http2` says `by option`. */
  http2Words?: readonly string[];
}

/** The variables that name a file with the certificate of a CA. Nobody knows which of them a user's own command reads. */
const fileVariables = ['CURL_CA_BUNDLE', 'SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS', 'PERL_LWP_SSL_CA_FILE', 'DENO_CERT', 'GRPC_DEFAULT_SSL_ROOTS_FILE_PATH'];

/**
 * The variables that are taken out of the environment of every client, also in a lab over HTTP: they name CAs of this machine, or switch the verification of
 * certificates off.
 */
export const inheritedVariables: readonly string[] = [
  ...fileVariables,
  'SSL_CERT_DIR', 'NIX_SSL_CERT_FILE', 'AWS_CA_BUNDLE', 'PERL_LWP_SSL_CA_PATH', 'HTTPS_CA_FILE', 'HTTPS_CA_DIR', 'DENO_TLS_CA_STORE', 'NODE_USE_SYSTEM_CA',
  'NODE_TLS_REJECT_UNAUTHORIZED', 'PERL_LWP_SSL_VERIFY_HOSTNAME', 'PYTHONHTTPSVERIFY',
];

/** What a user's own command is given: every variable that a program may read, and the policy, since it may start a browser. */
export function giveAny(ca: CaFiles): Given {
  const { pem, jks, wgetrc, folder, inherited } = ca;
  return {
    variables: {
      ...variablesFor(pem),
      WGETRC: wgetrc,
      JAVA_TOOL_OPTIONS: `${inherited.JAVA_TOOL_OPTIONS} ${javaTrustStore(jks)}`.trim(),
      // A further folder with settings. An empty name before the colon is PHP's own folder.
      PHP_INI_SCAN_DIR: `${inherited.PHP_INI_SCAN_DIR}:${folder}`,
    },
    prepare: browserPolicy(ca),
  };
}

/** The variables that name the file of the CA, with their values. */
export function variablesFor(pem: string): Record<string, string> {
  return Object.fromEntries(fileVariables.map((name) => [name, pem]));
}

/** A client that reads the CA from one variable of its environment. */
export function byVariable(name: string, http2: Http2): Tls {
  return { givenBy: `the variable \`${name}\``, give: ({ pem }) => ({ variables: { [name]: pem } }), http2 };
}

/** The word that names a trust store to a JVM. */
export function javaTrustStore(jks: string): string {
  return `-Djavax.net.ssl.trustStore=${jks}`;
}

/**
 * The command that writes the policy with the CA into the folders in which Chromium and Chrome look for it. On namespaces, /etc is that of this machine, so
 * its two folders are covered by copies that only the lab sees (a mount in its own mount namespace). A container's files are the lab's.
 */
export function browserPolicy({ pem, folder, driver }: CaFiles): string[] {
  return ['sh', '-ec', policyScript, 'sh', pem, folder, driver];
}

const policyScript = `
pem=$1 folder=$2 driver=$3
for path in chromium opt/chrome; do
  top=/etc/\${path%%/*} copy=$folder/\${path%%/*}
  if [ "$driver" = netns ]; then
    [ -d "$top" ] && [ ! -e "$copy" ] || continue
    cp -a "$top" "$copy"
    mount --bind "$copy" "$top"
  fi
  mkdir -p "/etc/$path/policies/managed"
  printf '{"CACertificates":["%s"]}' "$(grep -v -e ----- "$pem" | tr -d '\\n')" >"/etc/$path/policies/managed/failover-lab.json"
done`;

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
  /** What a user sets to give it a CA, for tables: `CURL_CA_BUNDLE`. */
  givenBy: string;
  /** Gives it the CA, and changes nothing else. */
  give(ca: CaFiles): Given;
  http2: Http2;
  /** The words that switch HTTP/2 on, behind all others. Only where `http2` says `by option`. */
  http2Words?: readonly string[];
}

/** What an environment says to any program, since nobody knows which of them a user's own command reads. */
const variables: Record<string, (ca: CaFiles) => string> = {
  CURL_CA_BUNDLE: ({ pem }) => pem,
  SSL_CERT_FILE: ({ pem }) => pem,
  REQUESTS_CA_BUNDLE: ({ pem }) => pem,
  NODE_EXTRA_CA_CERTS: ({ pem }) => pem,
  PERL_LWP_SSL_CA_FILE: ({ pem }) => pem,
  DENO_CERT: ({ pem }) => pem,
  GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: ({ pem }) => pem,
  WGETRC: ({ wgetrc }) => wgetrc,
  JAVA_TOOL_OPTIONS: ({ inherited, jks }) => `${inherited.JAVA_TOOL_OPTIONS} ${javaTrustStore(jks)}`.trim(),
  // A further folder with settings. An empty name before the colon is PHP's own folder.
  PHP_INI_SCAN_DIR: ({ inherited, folder }) => `${inherited.PHP_INI_SCAN_DIR}:${folder}`,
};

/**
 * The variables that are taken out of the environment of every client, also in a lab over HTTP: they name CAs of this machine, or switch the verification of
 * certificates off. Variables that hold other settings, too, stay.
 */
export const inheritedVariables: readonly string[] = [
  ...Object.keys(variables).filter((name) => !['WGETRC', 'JAVA_TOOL_OPTIONS', 'PHP_INI_SCAN_DIR'].includes(name)),
  'SSL_CERT_DIR', 'NIX_SSL_CERT_FILE', 'AWS_CA_BUNDLE', 'PERL_LWP_SSL_CA_PATH', 'HTTPS_CA_FILE', 'HTTPS_CA_DIR', 'DENO_TLS_CA_STORE', 'NODE_USE_SYSTEM_CA',
  'NODE_TLS_REJECT_UNAUTHORIZED', 'PERL_LWP_SSL_VERIFY_HOSTNAME', 'PYTHONHTTPSVERIFY',
];

/** What a user's own command is given: every variable that a program may read, and the policy, since it may start a browser. */
export function giveAny(ca: CaFiles): Given {
  return { variables: Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value(ca)])), prepare: browserPolicy(ca) };
}

/** A client that reads the CA from one variable of its environment. */
export function byVariable(name: string, http2: Http2): Tls {
  return { givenBy: name, give: ({ pem }) => ({ variables: { [name]: pem } }), http2 };
}

/** The word that names a trust store to a JVM. */
export function javaTrustStore(jks: string): string {
  return `-Djavax.net.ssl.trustStore=${jks}`;
}

/**
 * The command that writes the policy with the CA into the folders in which Chromium and Chrome look for it. On namespaces, /etc is that of this machine, so its two folders are covered
 * by copies that only the lab sees (a mount in its own mount namespace). A container's files are the lab's.
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

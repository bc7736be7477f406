/** What the tests expect of each client that is not ours. */
import type { ProfileName } from '../../client/external/index.ts';
import type { Need } from './testing.ts';

/** What a client must do that is not ours. */
interface ExpectedClient {
  needs: readonly Need[];
  /** How many connections three GETs in a row use. The documentation of each library says whether it keeps connections. A proxy that takes two addresses in turn keeps two. */
  connections: 1 | 2 | 3;
  /** How many more connections the client opens and may use. */
  spare?: 1 | 2;
  /** The error that the caller gets for a closed port. A proxy answers with a status in its place. */
  refused: RegExp | number;
  /**
   * The error that the caller gets if the client was not given the CA of the lab. Null for a client without TLS, `not verified` for one whose default it is to
   * accept any certificate.
   */
  untrusted: RegExp | 'not verified' | null;
  /** False if the client does not report the status of a response. */
  tellsStatus?: false;
}

export const expectedOfClients: Record<ProfileName, ExpectedClient> = {
  'node-18-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  // The global agent keeps connections by default only since Node 19.
  'node-18-http': { needs: ['other-nodes'], connections: 3, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-20-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-20-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-22-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-22-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-24.0-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-24.0-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-26-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-26-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  undici: { needs: ['npm-clients'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'undici-retry': { needs: ['npm-clients'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  // The interceptor takes the addresses of an answer in turn, and the DNS server answers with two of the three.
  'undici-dns': { needs: ['npm-clients'], connections: 2, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  axios: { needs: ['npm-clients'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  got: { needs: ['npm-clients'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  ky: { needs: ['npm-clients'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  // superagent gives node:http `agent: false`, which is a new agent for each request.
  superagent: { needs: ['npm-clients'], connections: 3, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'npm-node-fetch': { needs: ['npm-clients'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  bun: { needs: ['npm-clients'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: null },
  deno: { needs: ['npm-clients'], connections: 1, refused: /^Connection refused \(os error 111\)$/, untrusted: /UnknownIssuer/ },
  curl: { needs: ['curl'], connections: 3, refused: /^exit status 7: curl: \(7\) /, untrusted: /^exit status 60: / },
  wget: { needs: ['wget'], connections: 3, refused: /^exit status 4: .*Connection refused/, tellsStatus: false, untrusted: /^exit status 5: .*certificate/ },
  'python-urllib': { needs: ['python'], connections: 3, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-requests': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-httpx': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-urllib3': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-urllib3-no-retries': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-httpx-async': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-httpx-http2': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-pycurl': { needs: ['pycurl'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^E_(PEER_FAILED_VERIFICATION|SSL_CACERT)$/ },
  'python-aiohttp': { needs: ['python'], connections: 1, refused: /^(ECONNREFUSED|ClientConnectorError|OSError)$/, untrusted: /^SSLCertVerificationError$/ },
  go: { needs: ['go'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^x509: certificate signed by unknown authority$/ },
  'go-cgo': { needs: ['go', 'gcc'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^x509: certificate signed by unknown authority$/ },
  java: { needs: ['java'], connections: 1, refused: /ConnectException|ClosedChannelException/, untrusted: /^SunCertPathBuilderException: unable to find valid certification path/ },
  'java-newest': { needs: ['newer-java'], connections: 1, refused: /ConnectException|ClosedChannelException/, untrusted: /^SunCertPathBuilderException: unable to find valid certification path/ },
  'java-url-connection': { needs: ['java'], connections: 1, refused: /^ConnectException: Connection refused/, untrusted: /^SunCertPathBuilderException: unable to find valid certification path/ },
  'java-okhttp': { needs: ['java-libraries'], connections: 1, refused: /^ConnectException: Connection refused/, untrusted: /^SunCertPathBuilderException: unable to find valid certification path/ },
  'java-apache-5': { needs: ['java-libraries'], connections: 1, refused: /^HttpHostConnectException: .*Connection refused/, untrusted: /^SunCertPathBuilderException: unable to find valid certification path/ },
  'java-apache-4': { needs: ['java-libraries'], connections: 1, refused: /^ConnectException: Connection refused/, untrusted: /^SunCertPathBuilderException: unable to find valid certification path/ },
  musl: { needs: ['musl'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: null },
  libsoup: { needs: ['libsoup'], connections: 1, refused: /Connection refused$/, untrusted: /^Unacceptable TLS certificate$/ },
  ruby: { needs: ['ruby'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^OpenSSL::SSL::SSLError$/ },
  'ruby-faraday': { needs: ['ruby-gems'], connections: 3, refused: /^ECONNREFUSED$/, untrusted: /^OpenSSL::SSL::SSLError$/ },
  'ruby-httparty': { needs: ['ruby-gems'], connections: 3, refused: /^ECONNREFUSED$/, untrusted: /^OpenSSL::SSL::SSLError$/ },
  'ruby-excon': { needs: ['ruby-gems'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^OpenSSL::SSL::SSLError$/ },
  php: { needs: ['php'], connections: 1, refused: /connect to server/, untrusted: /^SSL peer certificate or SSH remote key was not OK$/ },
  'php-guzzle': { needs: ['guzzle'], connections: 1, refused: /connect to server/, untrusted: /^SSL peer certificate or SSH remote key was not OK$/ },
  'php-file-get-contents': { needs: ['php'], connections: 3, refused: /^Connection refused$/, untrusted: /certificate verify failed/ },
  // HTTP::Tiny verifies certificates by default only since its version 0.083.
  'perl-http-tiny': { needs: ['perl'], connections: 1, refused: /Connection refused/, untrusted: 'not verified' },
  'perl-lwp': { needs: ['perl'], connections: 1, refused: /Connection refused/, untrusted: /certificate verify failed/ },
  'rust-reqwest': { needs: ['rust'], connections: 1, refused: /^Connection refused/, untrusted: /certificate verify failed/ },
  // httpc verifies certificates by default only since OTP 26.
  'erlang-httpc': { needs: ['erlang'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: 'not verified' },
  // A browser opens one connection more than it needs, and the next request may use either of the two.
  chromium: { needs: ['chromium'], connections: 1, spare: 1, refused: /^ERR_CONNECTION_REFUSED$/, untrusted: /^ERR_CERT_AUTHORITY_INVALID$/ },
  'chromium-async-dns': { needs: ['chromium'], connections: 1, spare: 1, refused: /^ERR_CONNECTION_REFUSED$/, untrusted: /^ERR_CERT_AUTHORITY_INVALID$/ },
  'nginx-proxy': { needs: ['nginx'], connections: 3, refused: 502, untrusted: null },
  'nginx-failover': { needs: ['nginx'], connections: 2, refused: 502, untrusted: null },
  'nginx-resolver': { needs: ['nginx'], connections: 3, refused: 502, untrusted: null },
  'haproxy-proxy': { needs: ['haproxy'], connections: 3, refused: 503, untrusted: null },
  'haproxy-failover': { needs: ['haproxy'], connections: 3, refused: 503, untrusted: null },
  // httpd has two processes at first, and each of them keeps connections of its own.
  // httpd begins with three processes (mpm_common.html#startservers), and each keeps a connection of its own.
  'apache-proxy': { needs: ['apache'], connections: 1, spare: 2, refused: 503, untrusted: null },
  'apache-failover': { needs: ['apache'], connections: 2, spare: 1, refused: 503, untrusted: null },
  'caddy-proxy': { needs: ['caddy'], connections: 1, refused: 502, untrusted: null },
  // Caddy chooses one of its upstreams by chance.
  'caddy-failover': { needs: ['caddy'], connections: 1, spare: 1, refused: 502, untrusted: null },
  'varnish-proxy': { needs: ['varnish'], connections: 1, refused: 503, untrusted: null },
  'varnish-failover': { needs: ['varnish'], connections: 2, refused: 503, untrusted: null },
  'squid-proxy': { needs: ['squid'], connections: 1, refused: 502, untrusted: null },
  'squid-failover': { needs: ['squid'], connections: 2, refused: 502, untrusted: null },
};

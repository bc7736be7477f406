/** What the tests expect of each client that is not ours. */
import type { ProfileName } from '../../client/external/index.ts';
import type { Need } from './testing.ts';

/** What a client must do that is not ours. */
interface ExpectedClient {
  needs: readonly Need[];
  /** How many connections three GETs in a row use. The documentation of each library says whether it keeps connections. A proxy that takes two addresses in turn keeps two. */
  connections: 1 | 2 | 3;
  /** How many more connections the client opens and may use. */
  spare?: 1;
  /** The error that the caller gets for a closed port. A proxy answers with a status in its place. */
  refused: RegExp | number;
  /** The error that the caller gets if the client was not given the CA of the lab. Null for a client without TLS. */
  untrusted: RegExp | null;
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
  'node-26-fetch': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  'node-26-http': { needs: ['other-nodes'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^UNABLE_TO_GET_ISSUER_CERT_LOCALLY$/ },
  curl: { needs: ['curl'], connections: 3, refused: /^exit status 7: curl: \(7\) /, untrusted: /^exit status 60: / },
  wget: { needs: ['wget'], connections: 3, refused: /^exit status 4: .*Connection refused/, tellsStatus: false, untrusted: /^exit status 5: .*certificate/ },
  'python-urllib': { needs: ['python'], connections: 3, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-requests': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-httpx': { needs: ['python'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^SSLCertVerificationError$/ },
  'python-aiohttp': { needs: ['python'], connections: 1, refused: /^(ECONNREFUSED|ClientConnectorError|OSError)$/, untrusted: /^SSLCertVerificationError$/ },
  go: { needs: ['go'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^x509: certificate signed by unknown authority$/ },
  'go-cgo': { needs: ['go', 'gcc'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^x509: certificate signed by unknown authority$/ },
  java: { needs: ['java'], connections: 1, refused: /ConnectException|ClosedChannelException/, untrusted: /^SunCertPathBuilderException: unable to find valid certification path/ },
  musl: { needs: ['musl'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: null },
  ruby: { needs: ['ruby'], connections: 1, refused: /^ECONNREFUSED$/, untrusted: /^OpenSSL::SSL::SSLError$/ },
  php: { needs: ['php'], connections: 1, refused: /connect to server/, untrusted: /^SSL peer certificate or SSH remote key was not OK$/ },
  'perl-lwp': { needs: ['perl'], connections: 1, refused: /Connection refused/, untrusted: /certificate verify failed/ },
  // A browser opens one connection more than it needs, and the next request may use either of the two.
  chromium: { needs: ['chromium'], connections: 1, spare: 1, refused: /^ERR_CONNECTION_REFUSED$/, untrusted: /^ERR_CERT_AUTHORITY_INVALID$/ },
  'chromium-async-dns': { needs: ['chromium'], connections: 1, spare: 1, refused: /^ERR_CONNECTION_REFUSED$/, untrusted: /^ERR_CERT_AUTHORITY_INVALID$/ },
  'nginx-proxy': { needs: ['nginx'], connections: 3, refused: 502, untrusted: null },
  'nginx-proxy-failover': { needs: ['nginx'], connections: 2, refused: 502, untrusted: null },
  'nginx-proxy-resolver': { needs: ['nginx'], connections: 3, refused: 502, untrusted: null },
  'haproxy-proxy': { needs: ['haproxy'], connections: 3, refused: 503, untrusted: null },
  'haproxy-proxy-failover': { needs: ['haproxy'], connections: 3, refused: 503, untrusted: null },
  // httpd has two processes at first, and each of them keeps connections of its own.
  'apache-proxy': { needs: ['apache'], connections: 1, spare: 1, refused: 503, untrusted: null },
  'apache-proxy-failover': { needs: ['apache'], connections: 2, spare: 1, refused: 503, untrusted: null },
  'caddy-proxy': { needs: ['caddy'], connections: 1, refused: 502, untrusted: null },
  'caddy-proxy-failover': { needs: ['caddy'], connections: 2, refused: 502, untrusted: null },
  'varnish-proxy': { needs: ['varnish'], connections: 1, refused: 503, untrusted: null },
  'varnish-proxy-failover': { needs: ['varnish'], connections: 2, refused: 503, untrusted: null },
  'squid-proxy': { needs: ['squid'], connections: 1, refused: 502, untrusted: null },
  'squid-proxy-failover': { needs: ['squid'], connections: 2, refused: 502, untrusted: null },
};

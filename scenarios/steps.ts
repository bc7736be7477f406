/** The scenarios on the way of a request, from a name to an answer: what can go wrong in each step. Each scenario has one place. docs/steps.md has the picture. */
import type { Step } from '../lab/picture/steps.ts';
import type { ScenarioName } from './index.ts';

interface PlacedStep extends Step {
  troubles: readonly { title: string; scenarios: readonly ScenarioName[] }[];
}

export const steps: readonly PlacedStep[] = [
  {
    name: 'DNS',
    does: 'a name becomes addresses, in an order',
    troubles: [
      { title: 'the answer is late, or never comes', scenarios: ['dns-timeout', 'dns-down', 'dns-first-server-dead', 'slow-a', 'slow-aaaa', 'https-record'] },
      { title: 'the answer is an error, or cut', scenarios: ['dns-servfail', 'dns-truncated'] },
      { title: 'the answer is old', scenarios: ['stale-dns', 'ttl-ignored', 'cached-answers', 'cached-failure'] },
      { title: 'the addresses come in an order that nobody wanted', scenarios: ['shuffle-on', 'shuffle-off', 'subset-before-shuffle', 'sorted-answers', 'ula-addresses'] },
      { title: 'it is asked for another family, or by another resolver', scenarios: ['address-queries', 'ipv4-only', 'prefer-ipv6', 'resolver-choice'] },
    ],
  },
  {
    name: 'TCP',
    does: 'an address becomes a connection',
    troubles: [
      { title: 'refused', scenarios: ['all-down', 'server-stop', 'ipv6-refused', 'flapping-backend', 'recovery'] },
      { title: 'silence', scenarios: ['first-silent', 'ipv6-blackhole', 'host-vanishes', 'accept-queue-full', 'backend-hangs', 'quic-silent'] },
      { title: 'packets are lost, or late', scenarios: ['first-syn-lost', 'syn-schedule', 'syn-schedule-exponential', 'data-retransmission', 'slow-ipv6', 'fallback-delay', 'throttled-backend'] },
      { title: 'the connection dies, and nobody is told', scenarios: ['half-open'] },
    ],
  },
  {
    name: 'TLS',
    does: 'the connection is encrypted, and the server proves its name',
    troubles: [
      { title: 'the handshake is not answered, or ends', scenarios: ['tls-stall', 'tls-stall-ipv6', 'tls-reset', 'large-client-hello'] },
      { title: 'the certificate is wrong', scenarios: ['certificate-expired', 'certificate-wrong-name'] },
      { title: 'both sides do not speak the same', scenarios: ['plain-on-tls', 'alpn-mismatch'] },
      { title: 'a session is resumed, or cut', scenarios: ['tls-resumption', 'tls-truncation'] },
    ],
  },
  {
    name: 'HTTP',
    does: 'a request becomes an answer, and the connection is kept',
    troubles: [
      { title: 'a kept connection', scenarios: ['baseline', 'keep-alive', 'stale-connection', 'keep-alive-race'] },
      { title: 'the server dies under a request, or is too busy', scenarios: ['server-kill', 'post-in-flight', 'overloaded-backend', 'retry-storm'] },
      { title: 'a new process takes over', scenarios: ['hot-reload', 'hot-reload-nginx', 'hot-reload-haproxy', 'rolling-restart', 'h2-drain'] },
      { title: 'HTTP/2: the one connection of all requests', scenarios: ['h2-half-open', 'h2-pinning', 'h2-max-streams'] },
      { title: 'HTTP/2: the server ends it', scenarios: ['h2-goaway', 'h2-goaway-unprocessed', 'h2-goaway-processed'] },
      { title: 'HTTP/2: the server ends a request', scenarios: ['h2-refused-stream', 'h2-reset-post'] },
    ],
  },
];

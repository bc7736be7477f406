import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { usualPatienceMs } from '../lab/vocabulary/limits.ts';
import { attemptsText } from './common.ts';
import { measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken, brokenFirstChecks, sinceHello, undiciConnectMs, undiciTolerance } from './tls-common.ts';

export const tlsStall = defineScenario({
  title: 'the first address accepts TCP and never answers TLS: is the second one tried, and when?',
  teaches: 'Happy Eyeballs ends with the TCP handshake. An address that accepts TCP has won, and if its TLS is silent, only a timeout is left: no other address is tried.',
  predict: 'DNS offers two IPv4 addresses. The first one accepts the connection, and never answers the ClientHello. The second one is well. What does the caller get, and after how many seconds?',
  explains:
    'The kernel of the server completes the TCP handshake, also when its process hangs, or when a load balancer has nobody behind it. For the client the address ' +
    'answers, so it stops its timer and leaves the other addresses alone: RFC 8305 decides by the TCP handshake. Then it sends its ClientHello, and waits. Node’s fetch has 10 s ' +
    'for the whole connect, TLS included, and gives the caller UND_ERR_CONNECT_TIMEOUT. node:http and node:https have no such limit: the request waits as long as the caller ' +
    'does (try `--set timeoutMs=1000`). Go ends the handshake after 10 s, and httpx after 5 s. None of them tries the second address, and the next request begins with the first one again. A draft for version 3 of Happy Eyeballs lets the TLS ' +
    `handshake decide. The lab ends the wait after ${usualPatienceMs / 1000} s, or as \`--patience\` says. The second family does not help either: tls-stall-ipv6.`,
  sources: [
    'RFC 8305 section 5 (an attempt succeeds, generally, when the TCP handshake completes)', 'draft-ietf-happy-happyeyeballs-v3 (the TLS handshake decides)', 'RFC 8446 section 2 (the ClientHello comes first)',
    'undici lib/core/connect.js (the timeout of 10 s ends with `secureConnect`)', 'Go net/http/transport.go, DefaultTransport (TLSHandshakeTimeout)',
  ],
  reproduces: ['S19'],
  https: true,
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-stall'),
  checks: brokenFirstChecks,
  contract: ({ client, events, findings: { attempts }, data: { outcome } }) => {
    const one = check('the client tried one address only, and connected there', attempts.length === 1 && attempts[0]?.outcome === 'connected', attemptsText(attempts));
    if (client.timeoutMs !== null || client.connectTimeoutMs !== null) return [one];
    if (client.transport === 'http') return [one, check('the caller was still waiting when the lab ended the wait', outcome === 'no answer', outcome)];
    return [one, check('the caller got UND_ERR_CONNECT_TIMEOUT', outcome === 'UND_ERR_CONNECT_TIMEOUT', outcome), checkDelay('from the ClientHello to the error', sinceHello({ events }), undiciConnectMs, undiciTolerance)];
  },
});

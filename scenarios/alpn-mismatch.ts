import { check, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { triedCheck } from './common.ts';
import { measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken, failedAtFirst, hellosToFirst } from './tls-common.ts';

export const alpnMismatch = defineScenario({
  title: 'the first address accepts no protocol that the client offers: who fails, and who is served?',
  teaches: 'ALPN is a question that a client may leave out. The same server refuses a client that offers a protocol it does not have, and serves one that offers none.',
  predict: 'backend-1 accepts neither h2 nor http/1.1 in ALPN. Is there a client that gets an answer from it all the same?',
  explains:
    'In the ClientHello a client lists the protocols that it speaks, and the server chooses one. If it has none of them, it must end the handshake with the alert no_application_protocol. Node’s fetch offers ' +
    'http/1.1 and gets the error ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL. node:https offers nothing: for this server there is nothing to choose, it goes on, and answers over HTTP/1.1. So one program fails and another one on the same ' +
    'machine works, against the same address. A server for gRPC alone is like this for a client that has no HTTP/2. The alert comes before the keys are there, so a capture shows it in the clear.',
  sources: ['RFC 7301 section 3.2 (no_application_protocol)', 'RFC 9113 section 3.2 (h2 needs ALPN)', 'RFC 8446 section 6.2'],
  reproduces: ['S19', 'S20'],
  https: true,
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-alpn'),
  checks: ({ findings, events, topology, data: { outcome, by } }) => {
    const hellos = hellosToFirst(events, topology);
    const offers = [...new Set(hellos.map(({ alpn }) => alpn.join(' ') || 'nothing'))].join(', ');
    return [
      triedCheck(findings),
      checkUnless(
        hellos.length === 0 ? 'the client sent no ClientHello to backend-1' : null,
        check('backend-1 answered only if the client offered no protocol', by !== 'backend-1' || hellos.some(({ alpn }) => alpn.length === 0), `${by === null ? outcome : `${outcome} by ${by}`}; it offered ${offers}`),
      ),
    ];
  },
  contract: (result) =>
    result.client.transport === 'http' && result.client.http !== '2'
      ? [check('backend-1 answered the client that offered nothing', result.data.by === 'backend-1', result.data.by ?? result.data.outcome)]
      : failedAtFirst(result, 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL'),
});

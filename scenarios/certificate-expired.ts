import { defineScenario } from '../lab/run/scenario.ts';
import { measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken, brokenFirstChecks, failedAtFirst } from './tls-common.ts';

export const certificateExpired = defineScenario({
  title: 'the certificate of one backend of three has expired: is another backend tried?',
  teaches: 'A certificate is judged after the address was chosen. One backend with a bad one fails every request that DNS sends there, and hardly any client goes on to the next address.',
  predict: 'The certificate of backend-1 ended yesterday, and the two other backends have valid ones. DNS puts backend-1 first. Does the caller get an answer? With shuffled answers, how many requests would fail?',
  explains:
    'TCP connects, the handshake goes on, and the certificate comes with the answer of the server. The client looks at the time in it and must not go on: a certificate is valid between notBefore and notAfter. ' +
    'The caller gets the error: CERT_HAS_EXPIRED in Node. The next address is not tried: the client cannot say whether the server is misconfigured or is somebody else’s. (aiohttp tries it: the next server has to prove who it is, too.) With shuffled answers, one new ' +
    'connection of three fails, and kept ones do not: the certificate is looked at in the handshake only. That is why such an incident seems random, and is worst for clients that open many connections. ' +
    'Watch the date of each server, and not that of the name: a check that asks the name meets the bad backend one time in three.',
  sources: ['RFC 5280 section 4.1.2.5 (validity) and section 6.1.3 (the time is checked)', 'RFC 9110 section 4.3.4 (a client must end the connection or warn the user)', 'RFC 8446 section 6.2 (certificate_expired)', 'CycloneDX transparency-exchange-api#76 (what to do when the first server has a bad certificate)'],
  reproduces: ['S19'],
  https: true,
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-certificate', { kind: 'expired' }),
  checks: brokenFirstChecks,
  contract: (result) => failedAtFirst(result, 'CERT_HAS_EXPIRED'),
});

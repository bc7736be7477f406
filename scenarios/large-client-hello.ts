import { check, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { triedCheck } from './common.ts';
import { measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken, failedAtFirst, hellosToFirst } from './tls-common.ts';

/** What a middlebox takes that reads the first packet alone. With IPv6 and TCP timestamps, a packet of 1500 bytes has room for 1428. */
const largestBytes = 1_400;

export const largeClientHello = defineScenario({
  title: 'a ClientHello that does not fit into one packet is reset: which clients does it hit?',
  teaches: 'A new key share made the ClientHello larger than one packet. Servers and middleboxes that read only the first packet reset it, so an update of the client breaks what worked for years.',
  predict: 'backend-1 resets each connection whose ClientHello has more than 1400 bytes. How large is the ClientHello of your client?',
  explains:
    'The key share of X25519MLKEM768, which protects from future quantum computers, has 1216 bytes. The ClientHello of Node 24 has some 1600 bytes with it, that of curl 7.88 has 512, and that of Go 1.19 has 273. TCP may cut it anywhere, and a ' +
    'server has to read on until it is whole. Some read once and take what came for all of it. They reset the connection, or never answer (then it looks like tls-stall). The caller gets ECONNRESET, and neither the second ' +
    'address is tried nor a smaller ClientHello. What tells the cause: it fails with one version of a client and works with another one, from the same machine. The proof is the capture: the event of the ClientHello has its bytes.',
  sources: ['draft-ietf-tls-ecdhe-mlkem (X25519MLKEM768)', 'https://tldr.fail', 'openssl/openssl#27557 (reset after an update to OpenSSL 3.5)', 'RFC 8446 section 5.1 (a message may be spread over several records and packets)'],
  reproduces: ['S19'],
  https: true,
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-large-hello', { bytes: largestBytes }),
  checks: ({ findings, events, topology, data: { outcome, by } }) => {
    const [hello] = hellosToFirst(events, topology);
    return [
      triedCheck(findings),
      checkUnless(
        hello === undefined ? 'the client sent no ClientHello to backend-1' : null,
        check(`backend-1 answered no ClientHello of more than ${largestBytes} bytes`, by !== 'backend-1' || (hello?.bytes ?? Infinity) <= largestBytes, `${by === null ? outcome : `${outcome} by ${by}`}; the ClientHello had ${hello?.bytes ?? 0} bytes`),
      ),
    ];
  },
  contract: (result) => {
    const [hello] = hellosToFirst(result.events, result.topology);
    return [check('the ClientHello was larger than one packet', (hello?.bytes ?? 0) > largestBytes, `${hello?.bytes ?? 0} bytes`), ...failedAtFirst(result, 'ECONNRESET')];
  },
});

import { defineScenario } from '../lab/run/scenario.ts';
import { measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken, brokenFirstChecks, failedAtFirst } from './tls-common.ts';

export const plainOnTls = defineScenario({
  title: 'the first address speaks HTTP without TLS on the port of HTTPS: what does the error say?',
  teaches: 'The error of a library names the byte that it did not understand. "Wrong version number" means most of the time that the other side speaks no TLS at all.',
  predict: 'A listener has lost its TLS settings: it takes the ClientHello for a broken request, and answers in plain HTTP. What does the client make of the bytes `HTTP/1.1 400`?',
  explains:
    'The server reads the ClientHello as a request line that is wrong, and answers `HTTP/1.1 400 Bad Request`. The client expects a record of TLS: a type, two bytes of a version, two bytes of a length. It finds the letters `HTTP/`. ' +
    'OpenSSL calls this "wrong version number", since the letters TT are no version. Node’s fetch hands it on as ERR_SSL_WRONG_VERSION_NUMBER, node:https as EPROTO. Go looks at the letters, and says what it is: "server gave HTTP ' +
    'response to HTTPS client". The error comes at once and is the same each time, and still most clients leave the second address alone. aiohttp tries it.',
  sources: ['RFC 8446 section 5.1 (the header of a record)', 'OpenSSL ssl/record/methods/tlsany_meth.c, tls_validate_record_header', 'Go net/http/transport.go ("server gave HTTP response to HTTPS client")'],
  reproduces: ['S19'],
  https: true,
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-plaintext'),
  checks: brokenFirstChecks,
  contract: (result) => failedAtFirst(result, result.client.transport === 'http' && result.client.http !== '2' ? 'EPROTO' : 'ERR_SSL_WRONG_VERSION_NUMBER'),
});

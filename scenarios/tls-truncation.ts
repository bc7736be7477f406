import { check, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { triedCheck } from './common.ts';
import { measuredEvents, measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken } from './tls-common.ts';

export const tlsTruncation = defineScenario({
  title: 'half a body without its length, then FIN without close_notify: who takes it for the whole one?',
  teaches: 'Where a response does not say its length, only the close_notify of TLS tells a whole body from a cut one. Most clients do not look, and give half a body to the caller as a success.',
  predict: 'The backend sends half of the body over HTTP/1.1, without Content-Length, and the connection ends with FIN. Is this a response or an error?',
  explains:
    'Without Content-Length and without chunks, the end of the connection is the end of the body. Over TCP a FIN is all there is. TLS has more: whoever ends a connection says close_notify first, and nobody on the way can forge it. A FIN alone can be ' +
    'a proxy that died, or an attacker who cuts the response where it suits him. So RFC 9112 takes such a response for complete only after a close_notify. In the lab both of Node’s clients, curl 7.88, Go 1.19, Java 17, ' +
    'Python’s urllib, requests, httpx and aiohttp, PHP and LWP took 16 of 32 bytes for a response with status 200. wget tried again, and Ruby gave an error to the caller. OpenSSL 3 reports the missing close_notify as an error; these clients are told, and go on. HTTP/2 is ' +
    'not affected: a frame says where a body ends (try `--set http=2`). On your server: send Content-Length, or chunks.',
  sources: ['RFC 9112 section 9.8 (complete only if a valid closure alert has been received) and section 6.3', 'RFC 8446 section 6.1 (close_notify)', 'RFC 9113 section 8.1 (END_STREAM)', 'OpenSSL 3 migration guide (unexpected EOF is an error)'],
  reproduces: ['S19'],
  https: true,
  // HTTP/2 says where a body ends, so the backends offer HTTP/1.1 only.
  topology: { http: '1.1' },
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-truncation'),
  checks: ({ findings, events }) => {
    const own = measuredEvents(events);
    const asked = own.filter((event) => event.event === 'wire:request').length;
    const cut = own.filter((event) => event.event === 'wire:tls-truncated' && event.sender === 'server').length;
    return [triedCheck(findings), checkUnless(asked === 0 ? 'the client sent no request' : null, check('a response ended without close_notify', cut > 0, `${cut} of ${asked}`))];
  },
  contract: ({ client, events, data: { outcome } }) => {
    if (client.http === '2') return [check('the caller got an error', outcome !== 'answered', outcome)];
    const response = events.find((event) => event.event === 'client:response');
    const body = response?.event === 'client:response' ? response.body : '';
    return [check('the caller got half a body as a success', outcome === 'answered' && body !== '' && 'Hello, World from '.startsWith(body), `${outcome}: ${JSON.stringify(body)}`)];
  },
});

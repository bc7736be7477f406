import { defineScenario } from '../lab/run/scenario.ts';
import { measureLimitMs } from './matrix/failure.ts';
import { askWithFirstBroken, brokenFirstChecks, failedAtFirst } from './tls-common.ts';

export const tlsReset = defineScenario({
  title: 'the first address resets each connection at the ClientHello: is the second one tried?',
  teaches: 'A refused connection is followed by the next address. A connection that is reset one packet later is not: the error goes to the caller.',
  predict: 'DNS offers two IPv4 addresses. The first one accepts the connection, and answers the ClientHello with RST. The second one is well. Does the caller get an answer?',
  explains:
    'A RST in the place of the SYN-ACK ends an attempt, and the client goes on to the next address (first-refused in the matrix). Here the RST comes after the SYN-ACK. For the client ' +
    'the dial is over: one address has connected, and the list of the others is gone. So the RST is an error of the connection, and the caller gets ECONNRESET, although the second address would have answered. ' +
    'Middleboxes that do not like a server name, and load balancers whose process has just died, reset like this. A client could connect again without any risk, because no request was sent yet. Of the clients ' +
    'that the lab knows, Python’s aiohttp and Perl’s LWP go on to the next address here; Chromium tries the first one again, and the others give the error to the caller.',
  sources: ['RFC 9293 section 3.10.7.1 (RST)', 'RFC 8305 section 5 (the dial ends with the TCP handshake)', 'RFC 8446 section 6.1 (TLS ends with an alert)', 'Node lib/net.js, afterConnectMultiple'],
  reproduces: ['S19'],
  https: true,
  limitMs: measureLimitMs,
  run: (stage) => askWithFirstBroken(stage, 'tls-close', { ending: 'rst' }),
  checks: brokenFirstChecks,
  contract: (result) => failedAtFirst(result, 'ECONNRESET'),
});

import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { http2Check, ifHttp2, resets, resultsText } from './h2-common.ts';

export const h2RefusedStream = defineScenario({
  title: 'a server refuses requests with REFUSED_STREAM, once and then always: which clients try again, and how often?',
  teaches: 'REFUSED_STREAM says: I have not looked at it, send it again. What a client makes of it is between nothing and a storm.',
  predict: 'The server refuses a request once, and then every request. Does the caller see the first refusal? How often does the client try when it is always refused, and with which pauses?',
  explains:
    'A server that has too much to do answers with RST_STREAM and REFUSED_STREAM before it looks at a request. So the request may be sent again, whatever its ' +
    'method, and on the same connection. A client that does so at once and without a limit adds to the load that the server has refused. Go tries ' +
    'again at once, and then after 1, 2, 4 and 8 s; curl asks five more times, each time on a new connection; undici and node:http2 give the error to their caller, ' +
    'who can do what is right for the request.',
  sources: ['RFC 9113 section 8.7 (REFUSED_STREAM: the stream was closed before any processing)', 'golang.org/x/net/http2: transport.go, RoundTripOpt (backoff)', 'curl lib/http2.c, lib/transfer.c (Curl_retry_request)'],
  http2: true,
  limitMs: 90_000,
  run: async ({ dns, client, apply, note }) => {
    await dns.chain(['sort', 'selectFirst 1']);
    const warm = await client.get();
    note('the first request is refused once');
    const once = await apply('h2-refused-stream', 'backend-1', { streams: 'once' });
    const refusedOnce = await client.get();
    await once.heal();
    note('every request is refused');
    const always = await apply('h2-refused-stream', 'backend-1', { streams: 'always' });
    const refused = await client.get();
    await always.heal();
    return { warm, refusedOnce, refused, after: await client.get() };
  },
  checks: (result) => {
    const { data: { warm, refused, after } } = result;
    const count = resets(result).length;
    return [
      http2Check(result),
      check('the first request was answered', warm.ok, resultsText([warm])),
      ifHttp2(result, check('requests were refused', count >= 2, `${count} streams`)),
      ifHttp2(result, check('nobody answered while every request was refused', !refused.ok, resultsText([refused]))),
      check('the request after healing was answered', after.ok, resultsText([after])),
    ];
  },
  contract: (result) => [
    check('our client sent no refused request again', resets(result).length === 2, `${resets(result).length} streams refused`),
    check('the error reached the caller both times', !result.data.refusedOnce.ok && !result.data.refused.ok, resultsText([result.data.refusedOnce, result.data.refused])),
  ],
});

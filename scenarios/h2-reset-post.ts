import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { arrivals, http2Check, ifHttp2, resets, resultsText } from './h2-common.ts';

export const h2ResetPost = defineScenario({
  title: 'a server resets the stream of a request while it works on it: is a POST done twice?',
  teaches: 'RST_STREAM ends one request and leaves the connection. Any error but REFUSED_STREAM leaves open whether the work was done, so a POST must not be repeated.',
  predict: 'The server takes a GET, and then a POST, and ends each of them with RST_STREAM and INTERNAL_ERROR. Which one is sent again? Is the connection used again?',
  explains:
    'The stream ends without an answer, and the connection stays. So the caller gets an error, and the next request needs no new connection. The log of the ' +
    'backend counts how often each method arrived. This is the scenario post-in-flight for HTTP/2: there the whole connection ended.',
  sources: ['RFC 9113 section 6.4 (RST_STREAM)', 'RFC 9113 section 8.7 (request reliability)', 'RFC 9110 section 9.2.2 (idempotent methods)'],
  http2: true,
  run: async ({ dns, client, apply, until }) => {
    await dns.chain(['sort', 'selectFirst 1']);
    const warm = await client.get();
    const fault = await apply('h2-reset-stream', 'backend-1', { error: 'INTERNAL_ERROR' });
    const get = await client.get();
    const post = await client.request('POST');
    await fault.heal();
    await until((event) => event.event === 'client:connection-closed', 100);
    return { warm, get, post, after: await client.get() };
  },
  checks: (result) => {
    const { data: { warm, get, post, after } } = result;
    const count = resets(result).length;
    return [
      http2Check(result),
      check('the first request was answered', warm.ok, resultsText([warm])),
      ifHttp2(result, check('the server reset the streams of both requests', count >= 2, `${count} streams`)),
      ifHttp2(result, check('neither request was answered', !get.ok && !post.ok, resultsText([get, post]))),
      check('the request after healing was answered', after.ok, resultsText([after])),
    ];
  },
  contract: (result) => {
    const posts = arrivals(result, 'POST').length;
    return [check('the POST was done once', posts === 1, `${posts} times`), check('the connection was used for all requests', result.findings.connections.opened === 1, `${result.findings.connections.opened} opened`)];
  },
});

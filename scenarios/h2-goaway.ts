import { check, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { lastStreamOfAll } from '../lab/vocabulary/http2-frame.ts';
import { arrivals, goaways, http2Check, http2Connections, resultsText } from './h2-common.ts';

export const h2Goaway = defineScenario({
  title: 'a server ends a connection of HTTP/2 in order, with GOAWAY in two phases: does a request get lost?',
  teaches: 'GOAWAY in two phases loses nothing at the server: every request on its way is answered. A client that gives up its open requests at the first GOAWAY loses them all the same.',
  predict: 'The client keeps a connection of HTTP/2. With its second request the server says GOAWAY twice. Is the second request answered? What does the third one cost?',
  explains:
    'The first GOAWAY has the highest stream number that there is, 2³¹−1. It says: open no more streams, all that are on their way are taken. When the server ' +
    'knows that nothing more is on its way, it sends the second GOAWAY with the last stream that it has taken, and closes. So a client may finish what it ' +
    'has begun, and opens a new connection for the next request: one more lookup, one more handshake. HTTP/1.1 says the same with `Connection: close`, ' +
    'and only with a response, so an idle connection is told nothing. Not every client reads it so: undici, which is the fetch of Node 24, ends every open ' +
    'request with an error at the first GOAWAY. A server that sends one GOAWAY alone can lose requests that it has not seen yet: ' +
    'h2-goaway-unprocessed.',
  sources: ['RFC 9113 section 6.8 (GOAWAY)', 'RFC 9112 section 9.6 (tear-down)', 'golang.org/x/net/http2: server.go, goAwayTimeout', 'undici lib/dispatcher/client-h2.js, onHttp2SessionGoAway'],
  http2: true,
  run: async ({ dns, client, apply, until }) => {
    await dns.chain(['sort', 'selectFirst 1']);
    const results = [await client.get()];
    await apply('h2-goaway', 'backend-1', { how: 'two-phases' });
    results.push(await client.get());
    // A client may look at its connection only when it uses it. Ours learns of the end at once.
    await until((event) => event.event === 'client:connection-closed');
    results.push(await client.get());
    return results;
  },
  checks: (result) => {
    const told = goaways(result);
    const taken = arrivals(result);
    const answered = result.events.filter((event) => event.event === 'backend:response' && event.from === result.topology.hosts.client.ipv4 && event.status === 200).length;
    return [
      http2Check(result),
      checkUnless(told.length === 0 ? 'the client used no connection twice, so the server had none to end' : null, check('the server said first that it takes all streams on their way', told[0]?.lastStream === lastStreamOfAll, `last stream ${told[0]?.lastStream ?? 'none'}`)),
      check('the first and the last request were answered', result.data.at(0)?.ok === true && result.data.at(-1)?.ok === true, resultsText(result.data)),
      checkUnless(told.length === 0 ? 'no request met GOAWAY' : null, check('the server answered every request that it took', taken.length > 0 && taken.length === answered, `${taken.length} taken, ${answered} answered`)),
    ];
  },
  contract: (result) => {
    const connections = http2Connections(result).length;
    const second = result.data[1];
    const isFetch = result.client.transport === 'fetch';
    return [
      check(isFetch ? 'fetch gave up its open stream at the first GOAWAY: the caller got an error' : 'the request that met GOAWAY was answered', second?.ok === !isFetch, resultsText(result.data)),
      check('the third request opened a second connection', connections === 2, `${connections} connections`),
      check('the client asked DNS again, exactly once', result.findings.reResolutions === 1, result.findings.reResolutions),
    ];
  },
});

import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { arrivals, goaways, meetGoaway, metGoawayChecks } from './h2-common.ts';

export const h2GoawayUnprocessed = defineScenario({
  title: 'a server sends GOAWAY and has not looked at the request: is it sent again, also a POST?',
  teaches: 'The number in GOAWAY says which requests were not looked at. These may be sent again, whatever their method. Not every client does it.',
  predict: 'The server answers the second request on a connection with GOAWAY, and its number is that of the stream before. Is the request sent again by itself? Is a POST?',
  explains:
    'A stream with a higher number than that in GOAWAY was not and will not be looked at, so nothing was done twice if the client sends it again, also a POST. ' +
    'HTTP/1.1 cannot say this: there, a connection that ends without an answer leaves it open whether the work was done. A client that knows the rule makes ' +
    'the loss invisible. One that does not gives its caller an error, although every server was healthy. A server that ends connections with one GOAWAY in the ' +
    'place of two meets this with each request that is on its way: Envoy did so (envoyproxy/envoy#39876).',
  sources: ['RFC 9113 section 6.8 (streams above the last one were not processed)', 'RFC 9113 section 8.7 (request reliability)', 'golang.org/x/net/http2: transport.go, errClientConnGotGoAway', 'envoyproxy/envoy#39876'],
  http2: true,
  run: (stage) => meetGoaway(stage, 'unprocessed'),
  checks: (result) => {
    // What the server refused is not among its requests, so each method arrives as often as it was done.
    const [gets, posts] = [arrivals(result, 'GET').length, arrivals(result, 'POST').length];
    return metGoawayChecks(result, check('no request was done twice', gets <= 3 && posts <= 1, `${gets} GET (two of them first requests), ${posts} POST`));
  },
  contract: (result) => [
    check('each of the two requests met GOAWAY', goaways(result).length === 2, `${goaways(result).length}`),
    ...result.data.map(({ method, lost }) => check(`our client did not send the ${method} again: the error reached the caller`, !lost.ok, lost.ok ? 'answered' : lost.error)),
  ],
});

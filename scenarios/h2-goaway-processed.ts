import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { arrivals, goaways, meetGoaway, metGoawayChecks } from './h2-common.ts';

export const h2GoawayProcessed = defineScenario({
  title: 'a server sends GOAWAY, and has perhaps done the request: is it sent again?',
  teaches: 'If GOAWAY has the number of the request, the work may be done. Then HTTP/2 is as HTTP/1.1: a GET may be repeated, a POST may not.',
  predict: 'The server takes the request, sends GOAWAY with its number, and ends the connection without an answer. Which requests are sent again, and which come back as an error?',
  explains:
    'The stream is not above the number in GOAWAY, so the server has perhaps processed it. A client cannot know. It may repeat what has the same effect twice ' +
    '(GET), and it must not repeat a POST by itself. The log of the backend shows how often each one was done. Compare h2-goaway-unprocessed, where the same ' +
    'frame has a number that is lower by one stream.',
  sources: ['RFC 9113 section 6.8 (streams up to the last one might have been processed)', 'RFC 9110 section 9.2.2 (idempotent methods)'],
  http2: true,
  run: (stage) => meetGoaway(stage, 'processed'),
  checks: (result) => {
    const [reached, told] = [arrivals(result).length, goaways(result).length];
    return metGoawayChecks(result, check('a request that met GOAWAY had reached the backend', reached >= 2 + told, `${reached} requests reached backend-1`));
  },
  contract: (result) => {
    const posts = arrivals(result, 'POST').length;
    return [
      check('each of the two requests met GOAWAY', goaways(result).length === 2, `${goaways(result).length}`),
      check('the POST was done once', posts === 1, `${posts} times`),
      ...result.data.map(({ method, lost }) => check(`the caller of the ${method} got an error`, !lost.ok, lost.ok ? 'answered' : lost.error)),
    ];
  },
});

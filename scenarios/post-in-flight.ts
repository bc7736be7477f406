import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';
import { arrivals, inFlightChecks, killInFlight } from './in-flight-common.ts';

export const postInFlight = defineScenario({
  title: 'a backend is killed while it works on a POST: is the POST done twice?',
  teaches: 'A client that sends a POST again by itself may do the work twice: the first backend may have done it before it died. Look for "repeated" in the summary.',
  predict: 'The POST has reached the backend, on a connection that has served a GET before. Does the client send the POST again to another backend by itself? Would it do so with a GET?',
  explains:
    'The connection ends without a byte of an answer. The client cannot know whether backend-1 has done the work of the POST. So a client should ' +
    'not repeat a POST by itself, unless it knows that the POST was not done, or that twice has the same effect as once. Most clients keep to it: ' +
    'the caller gets an error, and has to decide. Go and Ruby’s Net::HTTP repeat the GET of the scenario server-kill, but not this POST. Three ' +
    'clients repeat it: Chromium and libcurl (here in PHP) send any request again when a connection that has served before ends without an ' +
    'answer, and wget tries up to 20 times, whatever the method. Their callers get a normal answer. Only the packets and the logs of two ' +
    'backends show that the POST was done twice. With a key in the request (Idempotency-Key) the servers can find the second one.',
  sources: [
    'RFC 9110 section 9.2.2 (a request that is not idempotent should not be repeated automatically)', 'RFC 9112 section 9.3.1 (retrying requests)',
    'libcurl lib/transfer.c, Curl_retry_request', 'Chromium net/http/http_network_transaction.cc, ShouldResendRequest', 'wget(1), --tries', 'Go net/http: transport.go, shouldRetryRequest',
  ],
  reproduces: ['S17'],
  run: (stage) => killInFlight(stage, 'POST'),
  checks: (result) => inFlightChecks(result, 'POST'),
  contract: ({ topology, events, findings: { repeated }, data: { lost, next } }) => {
    const posts = arrivals(events, topology.hosts.client.ipv4).filter(({ method }) => method === 'POST').map(({ host }) => host);
    return [
      check('the caller of the POST got an error', !lost.ok, lost.ok ? 'answered' : lost.error),
      check('the POST reached one backend, once', posts.length === 1 && repeated?.POST === 0, `${posts.join(' ')}; repeated ${repeated?.POST ?? 'not measured'}`),
      check('the next request was answered by backend-2', answererOf(topology, next) === 'backend-2', answererOf(topology, next)),
    ];
  },
});

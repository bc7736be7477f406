import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { backendNames } from '../lab/vocabulary/topology.ts';

export const allDown = defineScenario({
  title: 'every server is down: who is tried, and what does the caller get?',
  teaches: 'With every server down, a client tries each address of the answer, and only then does its caller hear of it.',
  predict: 'The answer holds two of the three addresses. How many connects, how long until the error, and which error?',
  explains:
    'A killed process leaves its port closed, and a closed port answers a SYN with RST in well under a millisecond. So the client walks ' +
    'through the answer at once, without waiting for any attempt delay, and hands the last refusal to its caller. It does not ask DNS for ' +
    'the third address: an answer is all it has.',
  sources: ['RFC 9293 section 3.10.7.1 (RST for a closed port)', 'Node lib/net.js, afterConnectMultiple (a failed attempt starts the next one at once)'],
  reproduces: ['S6'],
  run: async ({ client, apply, until }) => {
    await client.get();
    await Promise.all(backendNames.map((backend) => apply('kill', backend)));
    // An idle client learns of its closed connection from the FIN.
    await until((event) => event.event === 'client:connection-closed');
    await client.get();
  },
  checks: ({ findings: { requests, attempts } }) => {
    const tried = attempts.filter(({ request }) => request === 2).map(({ address }) => address);
    return [
      check('the first request was answered', requests.ok === 1, `${requests.ok} answered`),
      check('an error reached the caller of the second', requests.failed === 1, `${requests.failed} failed`),
      // How many of them is the client's own affair: some try the first one only.
      check('an address was tried for it', tried.length > 0, tried.join(' ')),
    ];
  },
  contract: ({ findings: { attempts, reResolutions }, events }) => {
    const error = events.find((event) => event.event === 'client:error');
    const outcomes = attempts.filter(({ request }) => request === 2).map(({ outcome }) => outcome);
    const answer = events.findLast((event) => event.event === 'dns:answer' && event.type === 'A');
    const offered = answer?.event === 'dns:answer' ? answer.addresses : [];
    const tried = attempts.filter(({ request }) => request === 2).map(({ address }) => address);
    return [
      check('every address of the answer was tried', offered.length > 0 && offered.every((address) => tried.includes(address)), `offered ${offered.join(' ')}, tried ${tried.join(' ')}`),
      check('the error is connection refused', error?.event === 'client:error' && error.code === 'ECONNREFUSED', error?.event === 'client:error' ? error.code : 'none'),
      check('each of its attempts was refused', outcomes.length > 0 && outcomes.every((outcome) => outcome === 'refused'), outcomes.join(' ')),
      check('the client asked DNS again, once', reResolutions === 1, reResolutions),
    ];
  },
});

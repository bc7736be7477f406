import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';

export const allDown = defineScenario({
  title: 'every backend is down: which addresses are tried, and what does the caller get?',
  teaches: 'When every server is down, the client tries each address of the DNS answer. Only then does its caller get an error.',
  predict: 'The answer holds two of the three addresses. How many attempts does the client make, how long until the error, and which error is it?',
  explains:
    'A killed process leaves its port closed, and the kernel answers a SYN to a closed port with RST in well under a millisecond. So the client ' +
    'tries the addresses of the answer one directly after the other, without any attempt delay, and gives the last refusal to its caller. It ' +
    'does not ask DNS for the third address: it knows only the addresses of this answer.',
  sources: ['RFC 9293 section 3.10.7.1 (RST for a closed port)', 'Node lib/net.js, afterConnectMultiple (a failed attempt starts the next one at once)'],
  reproduces: ['S6'],
  run: async ({ topology, client, apply, until }) => {
    await client.get();
    await Promise.all(topology.backends.map((backend) => apply('kill', backend)));
    // The FIN tells an idle client that its connection is closed.
    await until((event) => event.event === 'client:connection-closed');
    await client.get();
  },
  checks: ({ findings: { requests, attempts } }) => {
    const tried = attempts.filter(({ request }) => request === 2).map(({ address }) => address);
    return [
      check('the first request was answered', requests.ok === 1, `${requests.ok} answered`),
      check('an error reached the caller of the second request', requests.failed === 1, `${requests.failed} failed`),
      // Some clients try only the first address, so more is not required of every client.
      check('the second request tried an address', tried.length > 0, tried.join(' ')),
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
      check('every attempt of the second request was refused', outcomes.length > 0 && outcomes.every((outcome) => outcome === 'refused'), outcomes.join(' ')),
      check('the client asked DNS again, exactly once', reResolutions === 1, reResolutions),
    ];
  },
});

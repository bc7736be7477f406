import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';

export const baseline = defineScenario({
  title: 'nothing is broken: what a healthy run looks like (start a new scenario from this one)',
  teaches:
    'This is the control run: three requests, and a "fault" that changes nothing. If this ' +
    'scenario does not pass, do not trust the result of any other.',
  predict: 'The client gets three answers. How many lookups does it make, and how many connections?',
  explains:
    'Keep-alive holds the first connection, so the second and the third request use it. There is one lookup (two ' +
    'queries, A and AAAA) and one attempt. The lab applies, observes and heals the noop fault like every other fault. ' +
    'The expected effect of noop is that the backend continues to answer.',
  sources: ['RFC 9112 section 9.3 (persistence)'],
  reproduces: ['S1', 'S3'],
  run: async ({ client, apply, wait, backendAt }) => {
    const first = await client.get();
    const nothing = await apply('noop', backendAt(first.address));
    await client.get();
    await nothing.heal();
    await wait(20);
    await client.get();
  },
  checks: ({ findings: { requests } }) => [check('every request was answered', requests.ok === 3 && requests.failed === 0, `${requests.ok} of ${requests.sent}`)],
  contract: ({ findings: { connections } }) => [check('one connection served all requests', connections.opened === 1 && connections.reused === 2, `${connections.opened} opened, ${connections.reused} reused`)],
});

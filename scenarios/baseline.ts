import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';

export const baseline = defineScenario({
  title: 'nothing is broken: what a healthy run looks like (start a new scenario from this one)',
  teaches: 'The control run. Three requests, and a "fault" that changes nothing: if this one does not pass, believe no other.',
  predict: 'Three answers. How many lookups, how many connections?',
  explains:
    'Keep-alive holds the first connection, so the second and third request use it: one lookup (two queries, A and AAAA), one connect. ' +
    'The noop fault goes the way of every fault, observation and healing included, and its effect is that the backend goes on answering.',
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
  contract: ({ findings: { connections } }) => [check('one connection served all', connections.opened === 1 && connections.reused === 2, `${connections.opened} opened, ${connections.reused} reused`)],
});

import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, closedTo } from './common.ts';

export const recovery = defineScenario({
  title: 'a stopped backend comes back: which clients go back to it, and when?',
  teaches: 'Clients leave a broken server at once, but they do not come back by themselves. Only a new connection can reach the healed server.',
  predict:
    'DNS lists the healed backend first again. Which of two clients uses it: the client that moved to ' +
    'another backend, or a new client? When does the other one follow?',
  explains:
    'The client that moved has a live connection to backend-2. While this connection lives, the client does not ask ' +
    'whether anything has changed. A new client has to connect, asks DNS, and reaches the healed backend at once. The ' +
    'first client follows only when its own connection ends, here because backend-2 is stopped. So after a restart the ' +
    'load stays where the failure moved it, for as long as connections last.',
  sources: ['RFC 9112 section 9.3 (persistence)', 'RFC 9112 section 9.6 (tear-down)'],
  reproduces: ['S5'],
  run: async ({ topology, client, dns, apply, wait, until, startClient, note }) => {
    // Zone order: every new connection prefers backend-1, so going back never depends on chance.
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    const stopped = await apply('stop', 'backend-1');
    await until(closedTo(topology, 'backend-1'));
    const fled = await client.get();
    await stopped.heal();
    await wait(50);
    const stayed = await client.get();
    note('a new client');
    const newcomer = await (await startClient({})).get();
    await apply('stop', 'backend-2');
    await until(closedTo(topology, 'backend-2'));
    const back = await client.get();
    return { before, fled, stayed, newcomer, back };
  },
  checks: ({ topology, data: { before, fled, newcomer } }) => [
    check('backend-1 answered before it was stopped', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
    check('backend-1 did not answer while it was stopped', answererOf(topology, fled) !== 'backend-1', answererOf(topology, fled)),
    check('the healed backend-1 answered a new client', answererOf(topology, newcomer) === 'backend-1', answererOf(topology, newcomer)),
  ],
  contract: ({ topology, events, data: { fled, stayed, back } }) => {
    const used = events.findLast((event) => event.event === 'client:connection' && event.request === 3);
    const lookups = events.filter((event) => event.event === 'client:dns-start').map(({ request }) => request);
    return [
      check('the client moved to backend-2', answererOf(topology, fled) === 'backend-2', answererOf(topology, fled)),
      check('after the heal the client stayed with backend-2', answererOf(topology, stayed) === 'backend-2', answererOf(topology, stayed)),
      check('after the heal the client reused its connection', used?.event === 'client:connection' && used.reused, used?.event === 'client:connection' && used.reused ? 'reused' : 'dialled'),
      check('the client went back to backend-1 when its connection had ended', answererOf(topology, back) === 'backend-1', answererOf(topology, back)),
      check('every request asked DNS, except the one on the reused connection', lookups.join(' ') === '1 2 4 5', `lookups for requests ${lookups.join(' ')}`),
    ];
  },
});

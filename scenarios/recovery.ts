import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, closedTo } from './common.ts';

export const recovery = defineScenario({
  title: 'the stopped server comes back: who goes back to it, and when?',
  teaches: 'Clients leave a broken server at once, but they do not come back by themselves: only new connections can land on a healed server.',
  predict: 'DNS lists the healed server first again. Which of the two clients uses it: the one that had fled, or a newcomer? When does the other one follow?',
  explains:
    'The client that fled has a live connection to backend-2, and while it lives it asks nobody whether things have changed. A newcomer has to ' +
    'dial, asks DNS, and lands on the healed server at once. The first client follows only when its own connection ends, here because backend-2 ' +
    'is stopped in turn. So after a restart the load stays where the failure had put it, as long as connections last.',
  sources: ['RFC 9112 section 9.3 (persistence)', 'RFC 9112 section 9.6 (tear-down)'],
  reproduces: ['S5'],
  run: async ({ topology, client, dns, apply, wait, until, startClient, note }) => {
    // Zone order: whoever dials prefers backend-1, so that going back is never a matter of luck.
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    const stopped = await apply('stop', 'backend-1');
    await until(closedTo(topology, 'backend-1'));
    const fled = await client.get();
    await stopped.heal();
    await wait(50);
    const stayed = await client.get();
    note('a newcomer');
    const newcomer = await (await startClient({})).get();
    await apply('stop', 'backend-2');
    await until(closedTo(topology, 'backend-2'));
    const back = await client.get();
    return { before, fled, stayed, newcomer, back };
  },
  checks: ({ topology, data: { before, fled, newcomer } }) => [
    check('backend-1 answered before it was stopped', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
    check('and not while it was', answererOf(topology, fled) !== 'backend-1', answererOf(topology, fled)),
    check('the healed backend-1 answered a newcomer', answererOf(topology, newcomer) === 'backend-1', answererOf(topology, newcomer)),
  ],
  contract: ({ topology, events, data: { fled, stayed, back } }) => {
    const used = events.findLast((event) => event.event === 'client:connection' && event.request === 3);
    const lookups = events.filter((event) => event.event === 'client:dns-start').map(({ request }) => request);
    return [
      check('the client fled to backend-2', answererOf(topology, fled) === 'backend-2', answererOf(topology, fled)),
      check('after the healing it stayed there', answererOf(topology, stayed) === 'backend-2', answererOf(topology, stayed)),
      check('on the connection it had', used?.event === 'client:connection' && used.reused, used?.event === 'client:connection' && used.reused ? 'reused' : 'dialled'),
      check('it went back when its connection had ended', answererOf(topology, back) === 'backend-1', answererOf(topology, back)),
      check('every request but the one that stayed asked DNS', lookups.join(' ') === '1 2 4 5', `asked for ${lookups.join(' ')}`),
    ];
  },
});

import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, attemptsText, closedTo } from './common.ts';

export const serverStop = defineScenario({
  title: 'a backend is stopped gracefully: where does its idle client go?',
  teaches: 'A server that stops closes its connections. This makes a kept-alive client ask DNS again.',
  predict: 'DNS still lists the stopped backend, and lists it first. Does the next request fail? How much time does it lose?',
  explains:
    'On SIGTERM the server closes its idle connections, so a FIN reaches the client, and the client drops the connection from its ' +
    'pool. The next request has to open a connection, so it asks DNS. DNS knows nothing of the stop and still names the stopped ' +
    'backend first. The port of that backend is closed, a closed port answers with RST at once, and the client goes on to the ' +
    'next address of the same answer. The caller notices nothing.',
  sources: ['RFC 9112 section 9.6 (tear-down)', 'RFC 9293 section 3.10.7.1 (RST for a closed port)', 'Node lib/net.js, afterConnectMultiple (a failed attempt starts the next one at once)'],
  reproduces: ['S5'],
  run: async ({ topology, client, dns, apply, until }) => {
    // Zone order: the stopped backend must come first in the second answer, too. Otherwise no attempt is refused.
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    await apply('stop', 'backend-1');
    await until(closedTo(topology, 'backend-1'));
    const after = await client.get();
    return { before, after };
  },
  checks: ({ topology, data: { before, after } }) => [
    check('backend-1 answered before it was stopped', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
    check('backend-1 answered nothing after it was stopped', answererOf(topology, after) !== 'backend-1', answererOf(topology, after)),
  ],
  contract: ({ topology, events, data: { after }, findings: { attempts, reResolutions } }) => {
    const [first, second] = [topology.hosts['backend-1'].ipv4, topology.hosts['backend-2'].ipv4];
    const tried = attempts.filter(({ request }) => request === 2);
    const closed = events.find((event) => event.event === 'client:connection-closed' && event.address === first);
    const asked = events.find((event) => event.event === 'client:request' && event.request === 2);
    const inTime = closed !== undefined && asked !== undefined && closed.tMs < asked.tMs;
    return [
      check('the client knew of the closed connection before its next request', inTime, inTime ? 'closed first' : closed ? 'closed later' : 'never closed'),
      check('the client asked DNS again, exactly once', reResolutions === 1, reResolutions),
      check('the stopped backend refused, the next address connected', attemptsText(tried) === `${first} refused, ${second} connected`, attemptsText(tried)),
      check('the caller got its answer from backend-2', after.ok && answererOf(topology, after) === 'backend-2', answererOf(topology, after)),
    ];
  },
});

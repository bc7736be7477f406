import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';
import { answererOf, requestTolerance, servedMs } from './common.ts';

const delayMs = 300;

export const overloadedBackend = defineScenario({
  title: 'the server drowns, the connection stays up: does the client leave?',
  teaches: 'A connection that works slowly is a connection that works: a kept-alive client stays with a drowning server, whatever DNS says.',
  predict: `The server now needs ${delayMs} ms for each response, and a health check has taken it out of DNS. How long does the client suffer?`,
  explains:
    'Keep-alive ends when one side closes or the network fails, and neither has happened: bytes are acknowledged at once, only the answers are ' +
    'late. Latency is no failure to an HTTP client, so nothing makes it dial. And only dialling would ask DNS, which has dropped the slow ' +
    'server long ago: a newcomer never meets it. Taking a server out of DNS moves new connections, not old ones.',
  sources: ['RFC 9112 section 9.3 (persistence)', 'RFC 9112 section 9.6 (a server that wants to be left says `Connection: close`)'],
  reproduces: ['S7', 'S5'],
  run: async ({ client, dns, apply, startClient, backendAt, note }) => {
    const first = await client.get();
    const drowning = backendAt(first.address);
    await apply('slow-response', drowning, { delayMs });
    // The `up` filter is the health check: no later answer names the slow server.
    await dns.record('down', webName, 'A', first.address ?? '');
    const kept = [await client.get(), await client.get(), await client.get()];
    note('a newcomer');
    const newcomer = await (await startClient({})).get();
    return { drowning, kept, newcomer };
  },
  checks: ({ topology, events, data: { drowning, newcomer } }) => {
    const apart = events.findLast((event) => event.event === 'dns:answer' && event.type === 'A');
    const offered = apart?.event === 'dns:answer' ? apart.addresses : [];
    return [
      check('a newcomer was answered by another server', newcomer.ok && answererOf(topology, newcomer) !== drowning, `${answererOf(topology, newcomer)}, not ${drowning}`),
      check('because DNS offered only others', offered.length > 0 && !offered.includes(topology.hosts[drowning].ipv4), offered.join(' ')),
    ];
  },
  contract: ({ topology, events, findings: { connections }, data: { drowning, kept } }) => {
    const stayed = kept.map((answer) => answererOf(topology, answer));
    const lookups = events.filter((event) => event.event === 'client:dns-start' && event.request >= 2 && event.request <= 4).length;
    return [
      check('the client stayed with the slow server', stayed.every((name) => name === drowning), stayed.join(' ')),
      check('on one connection, without asking DNS', connections.reused === 3 && lookups === 0, `reused ${connections.reused} times, ${lookups} lookups`),
      ...[2, 3, 4].map((request) => checkDelay(`request ${request} took as long as the server`, servedMs(events, request), delayMs, requestTolerance)),
    ];
  },
});

import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';
import { answererOf, requestTolerance, servedMs } from './common.ts';

const delayMs = 300;

export const overloadedBackend = defineScenario({
  title: 'a backend is overloaded, but its connection stays up: does the client leave?',
  teaches: 'A slow connection is still a working connection. A kept-alive client stays with an overloaded server, whatever DNS says.',
  predict: `The backend now needs ${delayMs} ms for each response, and a health check has taken it out of DNS. How long does the client stay with it?`,
  explains:
    'A kept-alive connection ends when one side closes it or the network fails. Neither has happened: bytes are acknowledged at once, and only ' +
    'the answers are late. For an HTTP client a late answer is not a failure, so it has no reason to connect again. Only a new connection would ' +
    'ask DNS, which dropped the slow backend long ago: a new client never meets it. So taking a server out of DNS moves new connections and ' +
    'leaves old ones where they are.',
  sources: ['RFC 9112 section 9.3 (persistence)', 'RFC 9112 section 9.6 (a server that wants to be left says `Connection: close`)'],
  reproduces: ['S7', 'S5'],
  run: async ({ client, dns, apply, startClient, backendAt, note }) => {
    const first = await client.get();
    const drowning = backendAt(first.address);
    await apply('slow-response', drowning, { delayMs });
    // The `up` filter plays the health check: no later answer names the slow backend.
    await dns.record('down', webName, 'A', first.address ?? '');
    const kept = [await client.get(), await client.get(), await client.get()];
    note('a new client');
    const newcomer = await (await startClient({})).get();
    return { drowning, kept, newcomer };
  },
  checks: ({ topology, events, data: { drowning, newcomer } }) => {
    const apart = events.findLast((event) => event.event === 'dns:answer' && event.type === 'A');
    const offered = apart?.event === 'dns:answer' ? apart.addresses : [];
    return [
      check('a new client was answered by another backend', newcomer.ok && answererOf(topology, newcomer) !== drowning, `${answererOf(topology, newcomer)}, not ${drowning}`),
      check('DNS offered only the other backends', offered.length > 0 && !offered.includes(topology.hosts[drowning].ipv4), offered.join(' ')),
    ];
  },
  contract: ({ topology, events, findings: { connections }, data: { drowning, kept } }) => {
    const stayed = kept.map((answer) => answererOf(topology, answer));
    const lookups = events.filter((event) => event.event === 'client:dns-start' && event.request >= 2 && event.request <= 4).length;
    return [
      check('the client stayed with the slow backend', stayed.every((name) => name === drowning), stayed.join(' ')),
      check('the client reused one connection and made no lookup', connections.reused === 3 && lookups === 0, `reused ${connections.reused} times, ${lookups} lookups`),
      ...[2, 3, 4].map((request) => checkDelay(`request ${request} took as long as the backend needed`, servedMs(events, request), delayMs, requestTolerance)),
    ];
  },
});

import { check } from '../lab/analysis/checks.ts';
import { dnsDuring, queryTypes } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';

export const ipv4Only = defineScenario({
  title: 'a client that is set to IPv4 does not even ask for AAAA',
  teaches: 'A forced family (tcp4 in Go, family: 4 in Node, curl -4) takes effect before DNS is asked. The query for the other family is never sent.',
  predict:
    'The name has addresses of both families. One client may use both, the other is set to IPv4. ' +
    'Which queries does each client send, and where does each connect?',
  explains:
    'The family goes into the hints of getaddrinfo, so libc asks for A only. That is one query instead of two, and a broken AAAA answer or a ' +
    'broken IPv6 path cannot delay anything. It also switches Happy Eyeballs off, which needs two families. The price: the client cannot reach a ' +
    'server that has only IPv6, and nobody notices until there is one.',
  sources: ['getaddrinfo(3), ai_family', 'Node documentation, net.connect: family, autoSelectFamily', 'Go documentation, net.Dialer: network "tcp4"'],
  reproduces: ['S10'],
  client: { keepAlive: false },
  run: async ({ client, dns, startClient, note }) => {
    await dns.aaaa(true);
    const ipv4Client = await startClient({ family: 4 });
    note('a client that may use both families');
    await client.get();
    note('a client that is set to IPv4');
    await ipv4Client.get();
  },
  checks: ({ findings: { requests }, events }) => {
    const answers = events.filter((event) => event.event === 'dns:answer' && event.name === webName && event.tMs > 0);
    return [
      check('both requests were answered', requests.ok === 2 && requests.failed === 0, `${requests.ok} of ${requests.sent}`),
      check('every DNS answer held addresses', answers.every((event) => event.event === 'dns:answer' && event.addresses.length > 0), `${answers.length} answers`),
    ];
  },
  contract: ({ findings: { attempts }, events, topology }) => {
    const [either, forced] = [1, 2].map((request) => queryTypes(dnsDuring(events, request, topology).queries));
    const first = attempts.find(({ request }) => request === 1);
    const second = attempts.filter(({ request }) => request === 2);
    return [
      check('the client that may use both families asked for A and AAAA', either === 'A AAAA', either ?? 'none'),
      check('the client that may use both families tried IPv6 first', first?.family === 6, first?.address ?? 'nowhere'),
      check('the client that is set to IPv4 asked for A only', forced === 'A', forced ?? 'none'),
      check('the client that is set to IPv4 connected over IPv4', second.length > 0 && second.every(({ family }) => family === 4), second.map(({ address }) => address).join(' ')),
    ];
  },
});

import { check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';

export const dnsTruncatedAnswer = defineScenario({
  title: 'DNS answers are truncated: does the resolver ask again over TCP, and what if TCP is closed?',
  teaches:
    'An answer that does not fit into UDP comes with a flag and without records. The resolver asks again over TCP. Only then does it show ' +
    'whether TCP to port 53 is open.',
  predict:
    'Every answer over UDP is truncated. How many queries does one lookup send now? Then TCP to port ' +
    '53 is refused. Which error does the caller get, and how soon?',
  explains:
    'When the TC bit is set, the answer over UDP is useless, and the resolver repeats the question on a TCP connection to the same server. Both ' +
    'types go over TCP, and the caller only waits a little longer. A firewall that forgot to allow TCP to port 53 goes unnoticed until a name ' +
    'has so many addresses that its answer is truncated. Then the UDP answers say "ask over TCP", TCP is refused, and the resolver reports a ' +
    'temporary failure (EAI_AGAIN), although the server is up and answers each query.',
  sources: ['RFC 7766 section 5 (transport of truncated answers)', 'RFC 2181 section 9 (the TC bit)', 'glibc resolv/res_send.c, send_dg and send_vc', 'getaddrinfo(3), EAI_AGAIN'],
  client: { keepAlive: false },
  run: async ({ client, apply }) => {
    await apply('dns-truncate', 'dns');
    const overTcp = await client.get();
    await apply('dns-no-tcp', 'dns');
    const without = await client.get();
    return { overTcp, without };
  },
  checks: ({ events, topology, data: { without } }) => {
    const isOwn = ({ from }: { from: string }): boolean => from === topology.hosts.client.ipv4 || from === topology.hosts.client.ipv6;
    const udp = events.filter((event) => event.event === 'dns:answer' && event.name === webName && event.transport === 'udp' && isOwn(event));
    return [
      check('every answer to the client over UDP was truncated', udp.length > 0 && udp.every((event) => event.event === 'dns:answer' && event.truncated), `${udp.length} answers`),
      check('without TCP the request was not answered', !without.ok, without.ok ? 'answered' : without.error),
    ];
  },
  contract: ({ events, topology, data: { overTcp, without } }) => {
    const queries = (request: number, transport: string): string => dnsDuring(events, request, topology).queries.filter((query) => query.transport === transport).map(({ type }) => type).sort().join(' ');
    return [
      check('with TCP the request was answered', overTcp.ok, overTcp.ok ? 'answered' : overTcp.error),
      check('the client asked for A and AAAA over UDP', queries(1, 'udp') === 'A AAAA', queries(1, 'udp')),
      check('the client asked for both again over TCP', queries(1, 'tcp') === 'A AAAA', queries(1, 'tcp')),
      check('without TCP the error is EAI_AGAIN', !without.ok && without.error === 'EAI_AGAIN', without.ok ? 'answered' : without.error),
    ];
  },
});

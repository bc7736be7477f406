import { check, checkDelay, checkUnless, type Check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { createTopology, deadNameserver, nameserver, nobodysAddress } from '../lab/vocabulary/topology.ts';
import { resolverTolerance } from './common.ts';

/** glibc's default is 5 s. This scenario sets 1 s to stay short. */
const timeoutMs = 1_000;
const dead = nobodysAddress(createTopology(), 4);
/** A host that is up but runs no DNS server: its kernel answers queries with ICMP port unreachable. */
const closed = createTopology().hosts['backend-1'].ipv4;

export const dnsFirstServerDead = defineScenario({
  title: 'the first of two name servers is dead: what does each lookup cost?',
  teaches:
    'A resolver asks the second name server only after a timeout, and it does so again on every ' +
    'lookup. So a dead first name server delays each new connection.',
  predict:
    'resolv.conf lists a name server address that no host has, then the good one, and timeout:1 (the default is 5). The client makes two ' +
    'requests on new connections. What does the second one cost? And what changes when the first host is up, but runs no DNS server?',
  explains:
    'glibc asks the servers of resolv.conf in their order, and gives each its full timeout. It remembers nothing from one lookup to the next, so ' +
    'it does not know that the first server was dead. Each lookup pays the timeout, 5 s by default, until somebody corrects the list. A host ' +
    'without a DNS server answers with ICMP port unreachable, and glibc asks the second server in the same millisecond. As with connection ' +
    'attempts, a refusal is better than silence.',
  sources: ['resolv.conf(5), nameserver, timeout', 'glibc resolv/res_send.c', 'RFC 1122 section 4.1.3.1 (port unreachable)'],
  topology: { resolvConf: [deadNameserver, nameserver, `options timeout:${timeoutMs / 1000}`] },
  client: { keepAlive: false },
  run: async ({ client, topology, note }) => {
    const silent = [await client.get(), await client.get()];
    const lines = (topology.resolvConf ?? []).map((line) => (line === deadNameserver ? `nameserver ${closed}` : line));
    await client.$`printf '%s\n' ${lines} >/etc/resolv.conf`;
    note('the first name server is now a host without a DNS server');
    const refused = await client.get();
    return { results: [...silent, refused] };
  },
  checks: ({ topology, events, data: { results } }) => {
    const asked = events.filter((event) => (event.event === 'wire:neighbour-solicitation' || event.event === 'wire:dns-query') && event.address === dead).length;
    const answers = events.filter((event) => (event.event === 'wire:neighbour-answer' || event.event === 'wire:dns-response') && event.address === dead).length;
    /** Whether the client ended a request before its resolver asked the server that is alive. */
    const gaveUp = (request: number): boolean => {
      const start = events.find((event) => event.event === 'client:request' && event.request === request);
      const end = events.find((event) => event.event === 'client:error' && event.request === request);
      return start !== undefined && end !== undefined && !events.some((event) => event.event === 'wire:dns-query' && event.address === topology.hosts.dns.ipv4 && event.tMs > start.tMs && event.tMs < end.tMs);
    };
    const unanswered = results.flatMap(({ ok }, index) => (ok ? [] : [index + 1]));
    return [
      check('the client sent ARP requests or queries to the dead address, and nobody answered', asked > 0 && answers === 0, `${asked} packets, ${answers} answers`),
      checkUnless(
        unanswered.length > 0 && unanswered.every(gaveUp) ? `the client gave up request ${unanswered.join(' and ')} before its resolver asked the second server` : null,
        check('every request was answered', unanswered.length === 0, `${results.length - unanswered.length} of ${results.length}`),
      ),
    ];
  },
  contract: ({ events, topology }) => {
    const waitedMs = (request: number): number | null => {
      const start = events.find((event) => event.event === 'client:dns-start' && event.request === request);
      const [query] = dnsDuring(events, request, topology).queries;
      return start && query ? query.tMs - start.tMs : null;
    };
    const unreachable = events.filter((event) => event.event === 'wire:unreachable' && event.address === closed && event.port === 53).length;
    const afterRefusal: Check = check(`the third lookup asked the second server at once: within ${timeoutMs / 2} ms`, (waitedMs(3) ?? Infinity) < timeoutMs / 2, `${waitedMs(3)?.toFixed(1) ?? 'never'} ms, ${unreachable} port unreachable`);
    return [
      checkDelay('the first lookup asked the second server after the timeout', waitedMs(1), timeoutMs, resolverTolerance),
      checkDelay('the second lookup asked the second server after the timeout, too', waitedMs(2), timeoutMs, resolverTolerance),
      check('the host without a DNS server answered with ICMP port unreachable', unreachable > 0, unreachable),
      afterRefusal,
    ];
  },
});

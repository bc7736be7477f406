import { check, checkDelay, type Check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { createTopology, deadNameserver, nameserver, nobodysAddress } from '../lab/vocabulary/topology.ts';
import { resolverTolerance } from './common.ts';

/** glibc's own is 5 s: this scenario sets 1 s to stay short. */
const timeoutMs = 1_000;
const dead = nobodysAddress(createTopology(), 4);
/** A host that is there, and no DNS server: its kernel says so. */
const closed = createTopology().hosts['backend-1'].ipv4;

export const dnsFirstServerDead = defineScenario({
  title: 'the first name server of two is dead: what does each lookup cost?',
  teaches: 'A second name server is a spare that is asked after a timeout, on every lookup anew. A dead first one is paid for with each new connection.',
  predict: `resolv.conf lists a name server that no host has, then the good one; timeout:1 (the default is 5). Two requests on new connections: what does the second one cost? And where the first host is there, but no server on it?`,
  explains:
    'glibc asks the servers of resolv.conf in their order, each with its full timeout, and remembers nothing from one lookup to the next: not that the ' +
    'first was dead. So each lookup pays the timeout, 5 s by default, as long as nobody mends the list. A host without a server answers with ICMP port unreachable, and the second server is asked in the same millisecond: as with ' +
    'connects, a refusal is better than silence.',
  sources: ['resolv.conf(5), nameserver, timeout', 'glibc resolv/res_send.c', 'RFC 1122 section 4.1.3.1 (port unreachable)'],
  reproduces: [],
  topology: { resolvConf: [deadNameserver, nameserver, `options timeout:${timeoutMs / 1000}`] },
  client: { keepAlive: false },
  run: async ({ client, note }) => {
    const silent = [await client.get(), await client.get()];
    const lines = [`nameserver ${closed}`, nameserver, `options timeout:${timeoutMs / 1000}`];
    await client.$`printf '%s\n' ${lines} >/etc/resolv.conf`;
    note('the first name server is a host without one');
    const refused = await client.get();
    return { results: [...silent, refused] };
  },
  checks: ({ events, data: { results } }) => {
    const asked = events.filter((event) => (event.event === 'wire:neighbour-solicitation' || event.event === 'wire:dns-query') && event.address === dead).length;
    const answers = events.filter((event) => (event.event === 'wire:neighbour-answer' || event.event === 'wire:dns-response') && event.address === dead).length;
    return [
      check('the dead server was asked, or asked for, and nobody answered', asked > 0 && answers === 0, `${asked} packets, ${answers} answers`),
      check('every request was answered', results.every(({ ok }) => ok), results.filter(({ ok }) => ok).length),
    ];
  },
  contract: ({ events, topology }) => {
    const waitedMs = (request: number): number | null => {
      const start = events.find((event) => event.event === 'client:dns-start' && event.request === request);
      const [query] = dnsDuring(events, request, topology).queries;
      return start && query ? query.tMs - start.tMs : null;
    };
    const unreachable = events.filter((event) => event.event === 'wire:unreachable' && event.address === closed && event.port === 53).length;
    const afterRefusal: Check = check('after a refusal, at once', (waitedMs(3) ?? Infinity) < timeoutMs / 2, `${waitedMs(3)?.toFixed(1) ?? 'never'} ms, ${unreachable} port unreachable`);
    return [
      checkDelay('the first lookup asked the second server after the timeout', waitedMs(1), timeoutMs, resolverTolerance),
      checkDelay('the second lookup again', waitedMs(2), timeoutMs, resolverTolerance),
      check('the host without a server said so', unreachable > 0, unreachable),
      afterRefusal,
    ];
  },
});

import { check, checkUnless } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { tookMs } from './common.ts';

export const dnsDown = defineScenario({
  title: 'the DNS server is down: which requests fail, and how soon?',
  teaches: 'Without DNS no new connection starts, but existing connections continue. When only the DNS process is dead, its living host says so at once.',
  predict:
    'The client keeps a connection, then the DNS server is killed. What happens to the next request on that connection? What happens to the ' +
    'first request of a new client? Does the new client wait 5 s?',
  explains:
    'The host answers a query to a closed UDP port with ICMP port unreachable. The client’s kernel gives this to the resolver’s connected socket ' +
    'as ECONNREFUSED. So the resolver does not wait for a timeout: it goes through its list of servers and reports EAI_AGAIN within ' +
    'milliseconds. (For a host that is gone, or a firewall that drops packets, see dns-timeout.) The request on the kept-alive connection asks ' +
    'DNS nothing, so it is served. When the DNS server is back, the next request of the new client works: nothing here caches the failed lookup.',
  sources: ['RFC 1122 section 4.1.3.1 (port unreachable)', 'udp(7) (errors on a connected socket)', 'glibc resolv/res_send.c, send_dg', 'getaddrinfo(3), EAI_AGAIN'],
  run: async ({ client, apply, startClient, note }) => {
    await client.get();
    const killed = await apply('kill', 'dns');
    const kept = await client.get();
    note('a new client');
    const newcomer = await startClient({});
    const during = await newcomer.get();
    await killed.heal();
    const after = await newcomer.get();
    return { kept, during, after };
  },
  checks: ({ events, data: { during, after } }) => {
    const healMs = events.find(({ event }) => event === 'fault:heal')?.tMs ?? Infinity;
    const downMs = events.find(({ event }) => event === 'fault:verified')?.tMs ?? Infinity;
    const isDown = ({ tMs }: { tMs: number }): boolean => tMs > downMs && tMs < healMs;
    const unreachable = events.filter((event) => event.event === 'wire:unreachable' && event.port === 53 && isDown(event)).length;
    const answers = events.filter((event) => event.event === 'wire:dns-response' && isDown(event)).length;
    const askedAgain = events.some((event) => event.event === 'wire:dns-query' && event.tMs > healMs);
    return [
      check('the new client’s queries got ICMP port unreachable, and no answer', unreachable > 0 && answers === 0, `${unreachable} unreachable, ${answers} answers`),
      check('the new client’s request was not answered while DNS was down', !during.ok, during.ok ? 'answered' : during.error),
      checkUnless(
        after.ok || askedAgain ? null : `the client sent no DNS query after the heal: it remembers the failed lookup, and its request ended with ${after.error}`,
        check('the new client’s next request was answered after the heal', after.ok, after.ok ? 'answered' : after.error),
      ),
    ];
  },
  contract: ({ events, topology, data: { kept, during } }) => {
    const waitedMs = tookMs(events, 3);
    return [
      check('the kept-alive connection was served, without a DNS query', kept.ok && dnsDuring(events, 2, topology).queries.length === 0, kept.ok ? 'answered' : kept.error),
      check('the new client got EAI_AGAIN', !during.ok && during.error === 'EAI_AGAIN', during.ok ? 'answered' : during.error),
      check('the error came sooner than the resolver’s timeout of 5 s', waitedMs !== null && waitedMs < 5_000, `${waitedMs?.toFixed(0) ?? 'no'} ms`),
    ];
  },
});

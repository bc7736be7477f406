import { check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { tookMs } from './common.ts';

export const dnsDown = defineScenario({
  title: 'the DNS server is down: who notices, and how soon?',
  teaches: 'Without DNS nothing new begins and everything old goes on. A dead server on a living host says so at once.',
  predict: 'A connection is kept, then the DNS server is killed. What happens to the next request on that connection, and to a newcomer’s first one? Does the newcomer wait 5 s?',
  explains:
    'A closed UDP port is answered with ICMP port unreachable, which the kernel hands to the resolver’s connected socket as ECONNREFUSED: it need not ' +
    'wait for a timeout, goes through its list of servers, and reports EAI_AGAIN within milliseconds. (A host that is gone, or a firewall that drops, is ' +
    'dns-timeout.) The kept connection asks nothing and is served. After the server has come back, the newcomer’s next request just works: a failed lookup is ' +
    'kept by nobody here.',
  sources: ['RFC 1122 section 4.1.3.1 (port unreachable)', 'udp(7) (errors on a connected socket)', 'glibc resolv/res_send.c, send_dg', 'getaddrinfo(3), EAI_AGAIN'],
  reproduces: [],
  run: async ({ client, apply, startClient, note }) => {
    await client.get();
    const killed = await apply('kill', 'dns');
    const kept = await client.get();
    note('a newcomer');
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
    return [
      check('the newcomer’s queries met ICMP port unreachable, and no answer', unreachable > 0 && answers === 0, `${unreachable} unreachable, ${answers} answers`),
      check('its request was not answered while DNS was down', !during.ok, during.ok ? 'answered' : during.error),
      check('and was answered when DNS was back', after.ok, after.ok ? 'answered' : after.error),
    ];
  },
  contract: ({ events, topology, data: { kept, during } }) => {
    const waitedMs = tookMs(events, 3);
    return [
      check('the kept connection was served, and asked nothing', kept.ok && dnsDuring(events, 2, topology).queries.length === 0, kept.ok ? 'answered' : kept.error),
      check('the newcomer got EAI_AGAIN', !during.ok && during.error === 'EAI_AGAIN', during.ok ? 'answered' : during.error),
      check('without a wait: sooner than the resolver’s timeout of 5 s', waitedMs !== null && waitedMs < 5_000, `${waitedMs?.toFixed(0) ?? 'no'} ms`),
    ];
  },
});

import { check, checkDelay } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameserver, webName } from '../lab/vocabulary/topology.ts';
import { resolverTolerance, tookMs } from './common.ts';

/** glibc's default is 5 s, and its error comes after two timeouts. This scenario sets 1 s to stay short. */
const timeoutMs = 1_000;
/** Covers two timers, a thread of the pool, and the way to the caller. A third timeout would come a full second late. */
const callerTolerance = { earlyMs: 2, lateMs: 400 };

export const dnsTimeout = defineScenario({
  title: 'DNS is silent: when does the resolver ask again, and when does the caller get an error?',
  teaches:
    'Silence costs a full timeout each time the resolver asks, before any connection is tried. This is the ' +
    'longest wait of all, and most connect timeouts do not cover it.',
  predict:
    'The queries of a new client are dropped. resolv.conf says timeout:1 (the default is 5) and attempts:2. When does each query leave? When ' +
    'does the caller get an error, and which one?',
  explains:
    'The resolver sends A and AAAA from one socket, waits for the timeout, sends both again, waits again, and gives up. With the defaults of ' +
    'resolv.conf and a list of one server, this takes 5 s + 5 s. Nothing is logged during this time, and the connection pool shows no ' +
    'connection: the request hangs before it has an address. A connect timeout in Node starts only after the lookup. undici’s connect timeout ' +
    '(10 s by default) is an exception: it covers the lookup. The caller gets EAI_AGAIN, "temporary failure in name resolution".',
  sources: ['resolv.conf(5), timeout and attempts', 'glibc resolv/res_send.c, send_dg', 'getaddrinfo(3), EAI_AGAIN'],
  topology: { resolvConf: [nameserver, `options timeout:${timeoutMs / 1000} attempts:2`] },
  run: async ({ client, apply }) => {
    await apply('dns-drop', 'dns', { client: 'client' });
    return { result: await client.get() };
  },
  checks: ({ events, topology, data: { result } }) => {
    const { queries, answers } = dnsDuring(events, 1, topology);
    return [
      check('the client asked DNS, and got no answer', queries.length > 0 && answers.length === 0, `${queries.length} queries, ${answers.length} answers`),
      check('the client’s request was not answered', !result.ok, result.ok ? 'answered' : result.error),
    ];
  },
  contract: ({ events, data: { result } }) => {
    // These are the times of the packets. The DNS server may read a query late, and its log would then show a shorter gap.
    const sentMs = (type: string): number[] => events.filter((event) => event.event === 'wire:dns-query' && event.name === webName && event.type === type).map(({ tMs }) => tMs);
    const [[first = 0, again = 0], aaaa] = [sentMs('A'), sentMs('AAAA')];
    return [
      check('the client asked for each type twice', sentMs('A').length === 2 && aaaa.length === 2, `${sentMs('A').length} A, ${aaaa.length} AAAA`),
      checkDelay('the second A query left one timeout after the first', again - first, timeoutMs, resolverTolerance),
      checkDelay('the caller got the error after two timeouts', tookMs(events, 1), 2 * timeoutMs, callerTolerance),
      check('the error is EAI_AGAIN', !result.ok && result.error === 'EAI_AGAIN', result.ok ? 'answered' : result.error),
    ];
  },
});

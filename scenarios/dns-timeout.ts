import { check, checkDelay } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameserver } from '../lab/vocabulary/topology.ts';
import { resolverTolerance, tookMs } from './common.ts';

/** glibc's own is 5 s, and twice that until the error: this scenario sets 1 s to stay short. */
const timeoutMs = 1_000;
/** Two timers, a thread of the pool, and the way to the caller; a third timeout would be a second late. */
const callerTolerance = { earlyMs: 2, lateMs: 400 };

export const dnsTimeout = defineScenario({
  title: 'DNS is silent: how long until the question is asked again, and until the caller hears of it?',
  teaches: 'Silence costs a timeout for each attempt, before any connection is tried: the longest wait of all, and no connect timeout covers it.',
  predict: `The queries of a newcomer are dropped. resolv.conf says timeout:1 (the default is 5), attempts:2. When does which query leave, and when does the caller get which error?`,
  explains:
    'The resolver sends A and AAAA from one socket, waits for the timeout, sends both again, waits again, and gives up: with the defaults of resolv.conf ' +
    'that is 5 s + 5 s for a list of one server. Nothing is logged meanwhile, and the connection pool shows no connection: the request hangs before ' +
    'it has an address. The client’s connect timeout in Node does not begin before that (undici’s covers it, with 10 s by default). The caller gets ' +
    'EAI_AGAIN, "temporary failure in name resolution".',
  sources: ['resolv.conf(5), timeout and attempts', 'glibc resolv/res_send.c, send_dg', 'getaddrinfo(3), EAI_AGAIN'],
  reproduces: [],
  topology: { resolvConf: [nameserver, `options timeout:${timeoutMs / 1000} attempts:2`] },
  run: async ({ client, apply }) => {
    await apply('dns-drop', 'dns', { client: 'client' });
    return { result: await client.get() };
  },
  checks: ({ events, topology, data: { result } }) => {
    const { queries, answers } = dnsDuring(events, 1, topology);
    return [
      check('the client asked DNS, and got no answer', queries.length > 0 && answers.length === 0, `${queries.length} queries, ${answers.length} answers`),
      check('its request was not answered', !result.ok, result.ok ? 'answered' : result.error),
    ];
  },
  contract: ({ events, data: { result } }) => {
    // By the packets: the server may be late to read one, which would make the gap shorter than it was.
    const sentMs = (type: string): number[] => events.filter((event) => event.event === 'wire:dns-query' && event.type === type).map(({ tMs }) => tMs);
    const [[first = 0, again = 0], aaaa] = [sentMs('A'), sentMs('AAAA')];
    return [
      check('it asked for each type twice', sentMs('A').length === 2 && aaaa.length === 2, `${sentMs('A').length} A, ${aaaa.length} AAAA`),
      checkDelay('the second time after the timeout', again - first, timeoutMs, resolverTolerance),
      checkDelay('the caller heard of it after two timeouts', tookMs(events, 1), 2 * timeoutMs, callerTolerance),
      check('the error is EAI_AGAIN', !result.ok && result.error === 'EAI_AGAIN', result.ok ? 'answered' : result.error),
    ];
  },
});

import { check } from '../lab/analysis/checks.ts';
import { dnsDuring, queryTypes } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { tookMs } from './common.ts';

export const dnsServfail = defineScenario({
  title: 'DNS answers SERVFAIL, and then NXDOMAIN: how often is it asked, and what does the caller get?',
  teaches: 'An error from DNS comes at once, and is asked about again at once. A kept connection does not notice, since it asks nothing.',
  predict: 'A connection is kept, then every answer becomes SERVFAIL. What happens to the next request, and what to a newcomer’s? How many queries does the newcomer make? And with NXDOMAIN?',
  explains:
    'SERVFAIL says that this server cannot tell; another one might. So a resolver goes on to the next server of resolv.conf, and with a list of one ' +
    'it asks the same again, `attempts` times in all (2 by default), without waiting in between: a broken DNS gets twice the load. Then ' +
    'getaddrinfo reports a temporary failure, EAI_AGAIN. NXDOMAIN is an answer, not a failure: nobody is asked again, and the error is ENOTFOUND. The client with a kept ' +
    'connection is served on, which hides the outage from everybody who does not dial.',
  sources: ['RFC 1035 section 4.1.1 (RCODE 2)', 'resolv.conf(5), attempts', 'glibc resolv/res_send.c (SERVFAIL: next server)', 'getaddrinfo(3), EAI_AGAIN'],
  reproduces: [],
  run: async ({ client, apply, startClient, note }) => {
    await client.get();
    const servfail = await apply('dns-rcode', 'dns', { rcode: 'SERVFAIL' });
    const kept = await client.get();
    note('a newcomer');
    const newcomer = await (await startClient({})).get();
    await servfail.heal();
    await apply('dns-rcode', 'dns', { rcode: 'NXDOMAIN' });
    note('another newcomer');
    const unknown = await (await startClient({})).get();
    return { kept, newcomer, unknown };
  },
  checks: ({ events, topology, data: { newcomer, unknown } }) => {
    const [{ answers }, { answers: denials }] = [dnsDuring(events, 3, topology), dnsDuring(events, 4, topology)];
    return [
      check('the newcomer got SERVFAIL from DNS and nothing else', answers.length > 0 && answers.every(({ rcode }) => rcode === 'SERVFAIL'), answers.map(({ rcode }) => rcode).join(' ') || 'no answer'),
      check('and no answer to its request', !newcomer.ok, newcomer.ok ? 'answered' : newcomer.error),
      check('the other one got NXDOMAIN and nothing else', denials.length > 0 && denials.every(({ rcode }) => rcode === 'NXDOMAIN'), denials.map(({ rcode }) => rcode).join(' ') || 'no answer'),
      check('and no answer either', !unknown.ok, unknown.ok ? 'answered' : unknown.error),
    ];
  },
  contract: ({ events, topology, data: { kept, newcomer, unknown } }) => {
    const [{ queries }, { queries: once }] = [dnsDuring(events, 3, topology), dnsDuring(events, 4, topology)];
    const waitedMs = tookMs(events, 3);
    return [
      check('the kept connection was served, and asked nothing', kept.ok && dnsDuring(events, 2, topology).queries.length === 0, kept.ok ? 'answered' : kept.error),
      check('the newcomer asked for each type twice', queryTypes(queries).split(' ').sort().join(' ') === 'A A AAAA AAAA', queryTypes(queries)),
      check('the error is EAI_AGAIN', !newcomer.ok && newcomer.error === 'EAI_AGAIN', newcomer.ok ? 'answered' : newcomer.error),
      check('after NXDOMAIN it was asked for each type once', queryTypes(once).split(' ').sort().join(' ') === 'A AAAA', queryTypes(once)),
      check('and the error is ENOTFOUND', !unknown.ok && unknown.error === 'ENOTFOUND', unknown.ok ? 'answered' : unknown.error),
      check('without a wait: sooner than the resolver’s timeout of 5 s', waitedMs !== null && waitedMs < 5_000, `${waitedMs?.toFixed(0) ?? 'no'} ms`),
    ];
  },
});

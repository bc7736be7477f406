import { check } from '../lab/analysis/checks.ts';
import { dnsDuring, queryTypes } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { tookMs } from './common.ts';

export const dnsServfail = defineScenario({
  title: 'DNS answers SERVFAIL, and then NXDOMAIN: how many queries are sent, and what does the caller get?',
  teaches:
    'A DNS error comes at once. After SERVFAIL the resolver repeats its query at once. A ' +
    'kept-alive connection does not notice, because it asks DNS nothing.',
  predict:
    'The client keeps a connection, then every DNS answer becomes SERVFAIL. What happens to the next request on that connection? What happens to ' +
    'the request of a new client, and how many queries does it send? And with NXDOMAIN?',
  explains:
    'SERVFAIL says that this server cannot answer; another one might. So a resolver goes on to the next server of resolv.conf. When ' +
    'the list has only one server, the resolver asks it again, `attempts` times in all (2 by default), without a wait in between. A ' +
    'broken DNS server therefore gets twice the load. Then getaddrinfo reports a temporary failure, EAI_AGAIN. NXDOMAIN is an ' +
    'answer: the resolver asks nobody again, and the error is ENOTFOUND. The client with a kept-alive connection is still served, ' +
    'so clients that open no new connection do not see the outage.',
  sources: ['RFC 1035 section 4.1.1 (RCODE 2)', 'resolv.conf(5), attempts', 'glibc resolv/res_send.c (SERVFAIL: next server)', 'getaddrinfo(3), EAI_AGAIN'],
  run: async ({ client, apply, startClient, note }) => {
    await client.get();
    const servfail = await apply('dns-rcode', 'dns', { rcode: 'SERVFAIL' });
    const kept = await client.get();
    note('a new client');
    const newcomer = await (await startClient({})).get();
    await servfail.heal();
    await apply('dns-rcode', 'dns', { rcode: 'NXDOMAIN' });
    note('another new client');
    const unknown = await (await startClient({})).get();
    return { kept, newcomer, unknown };
  },
  checks: ({ events, topology, data: { newcomer, unknown } }) => {
    const [{ answers }, { answers: denials }] = [dnsDuring(events, 3, topology), dnsDuring(events, 4, topology)];
    return [
      check('the new client got SERVFAIL from DNS and nothing else', answers.length > 0 && answers.every(({ rcode }) => rcode === 'SERVFAIL'), answers.map(({ rcode }) => rcode).join(' ') || 'no answer'),
      check('the new client’s request was not answered', !newcomer.ok, newcomer.ok ? 'answered' : newcomer.error),
      check('the other new client got NXDOMAIN from DNS and nothing else', denials.length > 0 && denials.every(({ rcode }) => rcode === 'NXDOMAIN'), denials.map(({ rcode }) => rcode).join(' ') || 'no answer'),
      check('the other new client’s request was not answered', !unknown.ok, unknown.ok ? 'answered' : unknown.error),
    ];
  },
  contract: ({ events, topology, data: { kept, newcomer, unknown } }) => {
    const [{ queries }, { queries: once }] = [dnsDuring(events, 3, topology), dnsDuring(events, 4, topology)];
    const waitedMs = tookMs(events, 3);
    return [
      check('the kept-alive connection was served, without a DNS query', kept.ok && dnsDuring(events, 2, topology).queries.length === 0, kept.ok ? 'answered' : kept.error),
      check('after SERVFAIL the new client asked for each type twice', queryTypes(queries).split(' ').sort().join(' ') === 'A A AAAA AAAA', queryTypes(queries)),
      check('after SERVFAIL the error is EAI_AGAIN', !newcomer.ok && newcomer.error === 'EAI_AGAIN', newcomer.ok ? 'answered' : newcomer.error),
      check('after NXDOMAIN the new client asked for each type once', queryTypes(once).split(' ').sort().join(' ') === 'A AAAA', queryTypes(once)),
      check('after NXDOMAIN the error is ENOTFOUND', !unknown.ok && unknown.error === 'ENOTFOUND', unknown.ok ? 'answered' : unknown.error),
      check('after SERVFAIL the error came sooner than the resolver’s timeout of 5 s', waitedMs !== null && waitedMs < 5_000, `${waitedMs?.toFixed(0) ?? 'no'} ms`),
    ];
  },
});

import { isIPv4 } from 'node:net';
import { check } from '../lab/analysis/checks.ts';
import { dnsDuring, queryTypes } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';

export const addressQueries = defineScenario({
  title: 'two DNS queries, A and AAAA, even where IPv6 is not in use',
  teaches:
    'A lookup for both families is two queries. The client sends the AAAA query even when nobody ' +
    'uses IPv6. Only a host without any IPv6 address leaves it out.',
  predict:
    'No name here has an IPv6 address. The client host has first a global IPv6 address, then only a link-local one (as any host has), then none. ' +
    'How many queries does a lookup send each time?',
  explains:
    'DNS has no question for "any address". A and AAAA are two record types, so they are two queries, and libc sends both from one socket, one ' +
    'directly after the other. The resolver cannot know that the AAAA answer will be empty before it arrives, so it has to wait for it. A DNS ' +
    'server that is slow or silent on AAAA alone therefore slows down a network without any IPv6. Node calls getaddrinfo with AI_ADDRCONFIG. ' +
    'This flag leaves out the AAAA query only when no interface except loopback has an IPv6 address. The link-local address that Linux gives ' +
    'every interface is enough for glibc to ask. c-ares has no such rule: with --set resolver=resolve the client sends both queries in all three ' +
    'cases, and the contract fails.',
  sources: ['RFC 3596 section 2.1 (AAAA)', 'getaddrinfo(3), AI_ADDRCONFIG', 'Node lib/net.js, lookupAndConnect: hints = dns.ADDRCONFIG', 'RFC 4074 (misbehaviour against AAAA queries)'],
  reproduces: ['S9'],
  client: { keepAlive: false },
  run: async ({ client, note }) => {
    await client.get();
    await client.$`ip -6 address save dev eth0 >/run/ipv6-addresses; ip -6 address flush dev eth0 scope global`;
    note('the client host has only a link-local IPv6 address');
    await client.get();
    await client.$`ip -6 address flush dev eth0`;
    note('the client host has no IPv6 address');
    await client.get();
    await client.$`ip -6 address restore </run/ipv6-addresses`;
  },
  checks: ({ findings: { requests, attempts }, events }) => {
    const answers = events.filter((event) => event.event === 'dns:answer' && event.type === 'AAAA' && event.tMs > 0);
    return [
      check('every request was answered', requests.ok === 3 && requests.failed === 0, `${requests.ok} of ${requests.sent}`),
      check('IPv6 was not in use: no DNS answer held an IPv6 address', events.every((event) => event.event !== 'dns:answer' || event.addresses.every(isIPv4)), `${answers.length} AAAA answers`),
      check('every attempt used IPv4', attempts.length > 0 && attempts.every(({ family }) => family === 4), attempts.map(({ address }) => address).join(' ')),
    ];
  },
  contract: ({ events, topology }) => {
    const [global = [], linkLocal = [], none = []] = [1, 2, 3].map((request) => dnsDuring(events, request, topology).queries);
    const ports = new Set(global.map(({ fromPort }) => fromPort));
    return [
      check('with a global IPv6 address: two queries', queryTypes(global) === 'A AAAA', queryTypes(global)),
      check('with a global IPv6 address: both queries came from one socket', ports.size === 1, `source ports ${[...ports].join(' ')}`),
      check('with only a link-local IPv6 address: still two queries', queryTypes(linkLocal) === 'A AAAA', queryTypes(linkLocal)),
      check('without any IPv6 address: only the A query', queryTypes(none) === 'A', queryTypes(none)),
    ];
  },
});

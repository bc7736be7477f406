import { isIPv4 } from 'node:net';
import { check } from '../lab/analysis/checks.ts';
import { dnsDuring, queryTypes } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';

export const addressQueries = defineScenario({
  title: 'two DNS queries, A and AAAA, even where IPv6 is not in use',
  teaches: 'A lookup for both families is two queries. That nobody uses IPv6 does not stop the second; only a host without any IPv6 address does.',
  predict:
    'No name here has an IPv6 address. Three lookups: by a host with a global IPv6 address, with a link-local one alone (as any host has), ' +
    'and with none. How many queries does each make?',
  explains:
    'DNS has no question for "any address": A and AAAA are two record types and so two queries, which libc sends from one socket, one behind the ' +
    'other. It cannot know that the AAAA answer will be empty before it has it. And it has to wait for it: a DNS server that is slow or silent on AAAA alone ' +
    'slows down a network without any IPv6. Node asks getaddrinfo with AI_ADDRCONFIG, which leaves the AAAA query out only where no interface but ' +
    'loopback has an IPv6 address; the link-local address that Linux gives every interface is enough for glibc to ask. c-ares has no such ' +
    'rule (--set resolver=resolve asks for both to the end, and fails the contract below).',
  sources: ['RFC 3596 section 2.1 (AAAA)', 'getaddrinfo(3), AI_ADDRCONFIG', 'Node lib/net.js, lookupAndConnect: hints = dns.ADDRCONFIG', 'RFC 4074 (misbehaviour against AAAA queries)'],
  reproduces: ['S9'],
  client: { keepAlive: false },
  run: async ({ client, note }) => {
    await client.get();
    await client.$`ip -6 address save dev eth0 >/run/ipv6-addresses; ip -6 address flush dev eth0 scope global`;
    note('the client host has a link-local IPv6 address only');
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
      check('IPv6 was not in use: no answer had an IPv6 address', events.every((event) => event.event !== 'dns:answer' || event.addresses.every(isIPv4)), `${answers.length} AAAA answers`),
      check('and every connection was made over IPv4', attempts.length > 0 && attempts.every(({ family }) => family === 4), attempts.map(({ address }) => address).join(' ')),
    ];
  },
  contract: ({ events, topology }) => {
    const [global = [], linkLocal = [], none = []] = [1, 2, 3].map((request) => dnsDuring(events, request, topology).queries);
    const ports = new Set(global.map(({ fromPort }) => fromPort));
    return [
      check('with a global IPv6 address: two queries', queryTypes(global) === 'A AAAA', queryTypes(global)),
      check('both were sent from one socket', ports.size === 1, `source ports ${[...ports].join(' ')}`),
      check('with a link-local one alone: still two', queryTypes(linkLocal) === 'A AAAA', queryTypes(linkLocal)),
      check('without any: the A query alone', queryTypes(none) === 'A', queryTypes(none)),
    ];
  },
});

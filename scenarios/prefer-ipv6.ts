import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';

const before = 5;
const after = 20;

export const preferIpv6 = defineScenario({
  title: 'add AAAA records, and new connections use IPv6',
  teaches: 'An AAAA record moves the dual-stack clients of a service to IPv6 with their next connection, because libc puts IPv6 addresses first.',
  predict:
    'The client makes requests on new connections, first with A records only, then with A and ' +
    'AAAA records. Which family does it try first, and how often?',
  explains:
    'getaddrinfo returns one list for both families, sorted by the rules of RFC 6724. On a host with a global IPv6 address the policy table ' +
    'decides (rule 6): IPv6 (::/0, precedence 40) comes before IPv4 (::ffff:0:0/96, precedence 35 in RFC 6724, 10 in glibc). It does not matter ' +
    'which answer arrived first, or which network is better. Within a family, the order of the DNS server stands. IPv4 is there for the case ' +
    'that IPv6 fails. While IPv6 works, the client does not try IPv4. So an AAAA record is a switch that moves most traffic, as quickly as ' +
    'clients look up the name again. A kept-alive connection stays where it is.',
  sources: ['RFC 6724 section 2.1 (policy table) and section 6, rule 6', 'RFC 8305 section 4 (sorting addresses)', 'Node documentation, dns.lookup: order "verbatim"'],
  reproduces: ['S12'],
  client: { keepAlive: false },
  run: async ({ client, dns }) => {
    for (let made = 0; made < before; made++) await client.get();
    await dns.aaaa(true);
    for (let made = 0; made < after; made++) await client.get();
  },
  checks: ({ findings: { requests, attempts }, events }) => {
    const switchedMs = events.find((event) => event.event === 'dns:policy' && event.tMs > 0)?.tMs ?? Infinity;
    const answers = events.filter((event) => event.event === 'dns:answer' && event.name === webName && event.tMs > 0 && event.type === 'AAAA');
    const asSwitched = answers.filter((event) => event.event === 'dns:answer' && event.addresses.length > 0 === event.tMs > switchedMs);
    const early = attempts.filter(({ request }) => request <= before);
    return [
      check('every request was answered', requests.ok === before + after && requests.failed === 0, `${requests.ok} of ${requests.sent}`),
      check('AAAA answers held addresses after the switch and none before', asSwitched.length === answers.length, `${asSwitched.length} of ${answers.length}`),
      check('without AAAA records, every attempt used IPv4', early.every(({ family }) => family === 4), `${early.length} attempts`),
    ];
  },
  contract: ({ findings: { attempts } }) => {
    const late = attempts.filter(({ request }) => request > before);
    const first = late.filter(({ request }, index) => late.findIndex((attempt) => attempt.request === request) === index);
    const ipv6First = first.filter(({ family }) => family === 6).length;
    const ipv4 = late.filter(({ family }) => family === 4).length;
    return [
      check('with AAAA records, IPv6 was tried first', ipv6First === after, `${ipv6First} of ${first.length} requests`),
      check('with AAAA records, IPv4 was not tried at all, because IPv6 worked', late.length > 0 && ipv4 === 0, `${ipv4} of ${late.length} attempts`),
    ];
  },
});

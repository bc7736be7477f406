import { check } from '../lab/analysis/checks.ts';
import { dnsDuring, queryTypes } from '../lab/analysis/queries.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { urlOf } from '../lab/vocabulary/topology.ts';

/** The requests of each client: `inTurn` of them one after the other, one for `localhost`, then `atOnce` at the same time. */
const inTurn = 30;
const atOnce = 5;
/** Slow enough that all lookups that start together overlap, unless the resolver limits them. */
const slowMs = 150;

export const resolverChoice = defineScenario({
  title: 'libc or c-ares: the same client looks up names in two ways',
  teaches:
    'dns.lookup (getaddrinfo) and dns.resolve (c-ares) are two resolvers in one program, like netdns=cgo and netdns=go in Go. Both ask for the ' +
    'same name, and everything else about them differs.',
  predict:
    'Which of the two reads /etc/hosts? Which one reorders the answer? Which one can run five ' +
    'lookups at once? Which one sends A and AAAA from one socket?',
  explains:
    'getaddrinfo does what the machine is configured for: nsswitch.conf, /etc/hosts, sorting by RFC 6724. It blocks, so Node runs it on libuv’s ' +
    'thread pool. The pool gives at most half of its four threads to such slow work. So two lookups run at a time, and the third waits for one ' +
    'of them: a slow DNS server makes a queue inside the client. c-ares is asynchronous: all lookups run at once and share one UDP socket (libc ' +
    'opens one for each lookup). resolve4 and resolve6 ask only DNS. They do not sort, and they read no hosts file, so even localhost is a query ' +
    'that a DNS server gets to see. The client sits at 198.51.100.9, where sorting shows: libc reorders answers to put backend-1 first.',
  sources: ['Node documentation, dns: implementation considerations', 'libuv src/threadpool.c, slow_work_thread_threshold', 'nsswitch.conf(5)', 'RFC 6724 section 6, rule 9', 'RFC 6761 section 6.3 (localhost)'],
  reproduces: ['S11'],
  topology: { clientIpv4: '198.51.100.9' },
  client: { keepAlive: false },
  run: async ({ startClient, dns, note, topology }) => {
    for (const [resolver, name] of [['lookup', 'libc'], ['resolve', 'c-ares']] as const) {
      const client = await startClient({ resolver });
      note(`${name}: ${inTurn} requests one after the other`);
      for (let made = 0; made < inTurn; made++) await client.get();
      note(`${name}: localhost`);
      await client.get(urlOf(topology, 'localhost'));
      note(`${name}: ${atOnce} requests at once, DNS takes ${slowMs} ms`);
      await dns.impair({ delayMs: slowMs });
      await Promise.all(Array.from({ length: atOnce }, () => client.get()));
      await dns.impair({ delayMs: 0 });
      await client.stop();
    }
  },
  checks: ({ findings: { requests } }) => [
    check('every request was answered, except the two for localhost', requests.ok === 2 * (inTurn + atOnce) && requests.failed === 2, `${requests.ok} answered, ${requests.failed} failed`),
  ],
  contract: (result) => {
    const libc = behaviourOf(result, 1);
    const cares = behaviourOf(result, inTurn + 1 + atOnce + 1);
    return [
      check('libc reordered answers, c-ares never did', libc.turned > 0 && cares.answers === inTurn && cares.turned === 0, `libc ${libc.turned} of ${libc.answers}, c-ares ${cares.turned} of ${cares.answers}`),
      check('libc resolved localhost by itself, c-ares asked DNS', libc.localhost === 'none' && cares.localhost !== 'none', `queries: libc ${libc.localhost}, c-ares ${cares.localhost}`),
      check('libc ran two lookups at once, c-ares ran all of them', libc.underWay === 2 && cares.underWay === atOnce, `libc ${libc.underWay}, c-ares ${cares.underWay} of ${atOnce}`),
      check('libc used one socket for each lookup, c-ares used one for all of them', libc.sockets === atOnce && cares.sockets === 1, `source ports: libc ${libc.sockets}, c-ares ${cares.sockets}`),
    ];
  },
});

/** What one client did. `first` is the number of its first request. */
function behaviourOf({ events, topology, findings: { attempts } }: Result<unknown>, first: number) {
  const numbers = (from: number, length: number): number[] => Array.from({ length }, (_, index) => from + index);
  const choices = numbers(first, inTurn).flatMap((number) => {
    const answer = dnsDuring(events, number, topology).answers.find(({ type }) => type === 'A');
    const tried = attempts.find(({ request }) => request === number);
    return answer && tried ? [{ offered: answer.addresses[0], tried: tried.address }] : [];
  });
  // Requests made at once overlap, so each one is also given the queries of the others. A set holds each query once.
  const dns = numbers(first + inTurn + 1, atOnce).map((number) => dnsDuring(events, number, topology));
  const queries = [...new Set(dns.flatMap(({ queries }) => queries))].filter(({ type }) => type === 'A');
  const firstAnswerMs = Math.min(...dns.flatMap(({ answers }) => answers.map(({ tMs }) => tMs)));
  return {
    answers: choices.length,
    turned: choices.filter(({ offered, tried }) => offered !== tried).length,
    localhost: queryTypes(dnsDuring(events, first + inTurn, topology).queries),
    underWay: queries.filter(({ tMs }) => tMs < firstAnswerMs).length,
    sockets: new Set(queries.map(({ fromPort }) => fromPort)).size,
  };
}

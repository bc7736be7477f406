import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';
import { askedIn, askedText, checkOfResolver, isAsked, seconds, stepsOf } from './cached-common.ts';

const many = 24;
const hourS = 3_600;
/** A name of its own, since the answer for the other name is in the cache for an hour. */
const shortName = 'short.lab.test';
const shortS = 2;
/** A cache that counts in whole seconds keeps an answer for up to a second less. */
const wholeSecondMs = 1_000;
/** nscd looks for expired answers every 15 s. */
const expiryLimitMs = 20_000;
const everyMs = 200;

export const cachedAnswers = defineScenario({
  title: 'a cache between client and DNS server: what is left of a shuffle, of 2 of 3 addresses, of a TTL of 0?',
  teaches:
    'Clients seldom ask the authoritative server. A cache asks it once, and gives that answer to everybody until it expires. DNS may shuffle and select for each ' +
    'query, but then it draws once for each TTL: the backend that was not drawn gets nothing.',
  predict:
    `DNS sends 2 of 3 addresses, shuffled, and a resolver with a cache stands in between. The client makes ${many} requests, each with a lookup and a connection ` +
    `of its own. With a TTL of 0: how many queries reach the DNS server, and how many backends answer? With a TTL of an hour? And when is an answer with a TTL of ${shortS} s gone?`,
  explains:
    'A TTL of 0 means: use the answer for this question, and do not keep it (RFC 1035 section 3.2.1). So the resolver asks each time, and the shuffle works as without ' +
    'it. With any other TTL the DNS server is asked once, and its draw of 2 of 3 holds for every client of this resolver. The third backend gets no new connection ' +
    'until the answer expires; then there is a new draw. The order is another matter: a cache may turn the addresses that it keeps with each answer ' +
    '(RFC 1794), so that the two share the load, or leave them as they came, so that all clients go to the first one. nscd does not look at its clock when it ' +
    'answers: it removes expired answers every 15 s, so a short TTL lives that long. With few caches in front of many clients there are few draws: the skew of ' +
    'shuffle-off, although the shuffle is on. docs/skew.md has what each resolver does.',
  sources: ['RFC 1034 section 4.3.1 (a resolver with a cache)', 'RFC 1035 section 3.2.1 (TTL)', 'RFC 1794 section 3 (caching and short TTLs)', 'unbound.conf(5), rrset-roundrobin', 'glibc nscd/cache.c, prune_cache; nscd.h, CACHE_PRUNE_INTERVAL'],
  reproduces: ['S2', 'S14'],
  needsResolver: true,
  client: { keepAlive: false },
  limitMs: 60_000,
  run: async ({ client, dns, topology, note, until }) => {
    const step = stepsOf({ client, topology });
    await dns.ttl(0);
    const never = await step(webName, ({ length }) => length < many);
    await dns.ttl(hourS);
    const hour = await step(webName, ({ length }) => length < many);
    await dns.ttl(shortS);
    for (const backend of topology.backends) await dns.record('add', shortName, 'A', topology.hosts[backend].ipv4);
    note(`requests for ${shortName}, until its answer is asked for again`);
    const queries = new Set<number>();
    const isShort = isAsked(topology, shortName);
    const endMs = performance.now() + expiryLimitMs;
    const short = await step(shortName, async () => {
      const isAgain = await until((event) => queries.size > 1 || (isShort(event) && queries.add(event.tMs).size > 1), everyMs);
      return !isAgain && performance.now() < endMs;
    });
    return { never, hour, short };
  },
  checks: (result) => {
    const { topology: { backends }, data: { never, hour, short } } = result;
    const [uncached, cached, expiring] = [askedIn(result, never, hour), askedIn(result, hour, short), askedIn(result, short, null)];
    const ok = [never, hour, short].flatMap(({ results }) => results.map((each) => each.ok));
    const [fromMs = 0, againMs] = expiring.queriesMs;
    const keptMs = againMs === undefined ? null : againMs - fromMs;
    return [
      check('every request was answered', ok.every(Boolean), `${ok.filter(Boolean).length} of ${ok.length}`),
      checkOfResolver(result, uncached, 2, check('with a TTL of 0, each question was asked of the DNS server', uncached.queriesMs.length === uncached.questions, `${askedText(uncached)}; the backends answered ${uncached.perBackend.join(' · ')}`)),
      checkOfResolver(result, cached, 2, check('with a TTL of an hour, the DNS server was asked once', cached.queriesMs.length === 1, askedText(cached))),
      checkOfResolver(result, cached, 2, check(`so no more than two of the ${backends.length} backends answered`, cached.perBackend.filter((count) => count > 0).length <= 2, `the backends answered ${cached.perBackend.join(' · ')}`)),
      checkOfResolver(result, expiring, 2, check(`an answer with a TTL of ${shortS} s was kept`, keptMs === null || keptMs >= shortS * 1000 - wholeSecondMs, `for ${keptMs === null ? `more than ${seconds(expiryLimitMs)}` : seconds(keptMs)}`)),
    ];
  },
});

import { check, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { webName } from '../lab/vocabulary/topology.ts';
import { askedIn, checkOfResolver, isAsked, seconds, stepsOf, type Step } from './cached-common.ts';

/** The TTL of all records, and of the answer that there is none (the SOA's, RFC 2308 section 5). */
const ttlS = 4;
const newName = 'new.lab.test';
/** nscd looks for expired answers every 15 s, and keeps a failure for 20 s. */
const limitMs = 50_000;
/** A resolver that serves expired records is asked for so long after the TTL. */
const staleMs = 3_000;
const everyMs = 200;
/** A cache that counts in whole seconds keeps an answer for up to a second less. */
const wholeSecondMs = 1_000;

export const cachedFailure = defineScenario({
  title: 'a cache between client and DNS server: DNS fails, and a name comes into being',
  teaches:
    'A cache hides a failure of DNS until the answer expires, and after that only if it serves expired records (RFC 8767). It also keeps failures: a name that is ' +
    'there now does not exist for those who asked too early.',
  predict:
    `All records have a TTL of ${ttlS} s. The client has asked once, then every answer of the DNS server becomes SERVFAIL. For how long are requests answered? DNS is well again: when ` +
    'does the client notice? Then it asks for a name that does not exist, and the name comes into being. When does the client see it?',
  explains:
    'Until its answer expires, a cache does not ask, so a failure of the DNS server does not reach the client. Then it asks, gets SERVFAIL, and passes that on, unless it is ' +
    'told to serve expired records (`--serve-stale`): then the client notices nothing. A resolver may also keep the failure itself, for at most ' +
    'five minutes (RFC 2308 section 7), so that recovery takes longer than the repair. That a name does not exist is an answer with a TTL: the smaller one of the SOA’s own ' +
    'TTL and its last field (RFC 2308 section 5). Until then the new name is not seen. nscd has times of its own for both: it removes expired answers every 15 s, and ' +
    'keeps a failure for 20 s (negative-time-to-live), whatever the SOA says. docs/skew.md has what each resolver does.',
  sources: ['RFC 2308 section 5 (caching negative answers)', 'RFC 2308 section 7.1 (server failure)', 'RFC 8767 (serving stale data)', 'unbound.conf(5), serve-expired', 'dnsmasq(8), --use-stale-cache', 'nscd.conf(5), negative-time-to-live'],
  needsResolver: true,
  client: { keepAlive: false },
  limitMs: 150_000,
  run: async ({ client, dns, apply, topology, note, wait }) => {
    const step = stepsOf({ client, topology });
    const during = (untilMs: number, isMore: (ok: boolean) => boolean): ((made: readonly { ok: boolean }[]) => Promise<boolean>) => {
      const endMs = performance.now() + untilMs;
      return async (made) => {
        if (!isMore(made.at(-1)?.ok === true) || performance.now() > endMs) return false;
        await wait(everyMs);
        return true;
      };
    };
    await dns.ttl(ttlS);
    const filled = await step(webName, () => false);
    // A client that was not answered at all would be waited for in vain.
    const patienceMs = filled.results[0]?.ok === true ? limitMs : 0;
    const servfail = await apply('dns-rcode', 'dns', { rcode: 'SERVFAIL' });
    note('requests until one fails');
    const failing = await step(webName, during(topology.serveStale ? ttlS * 1000 + staleMs : patienceMs, (ok) => ok));
    await servfail.heal();
    note('requests until one is answered');
    const healed = await step(webName, during(patienceMs, (ok) => !ok));
    note(`requests for ${newName}, which does not exist`);
    const absent = await step(newName, () => false);
    await dns.record('add', newName, 'A', topology.hosts['backend-1'].ipv4);
    note('requests until one is answered');
    const present = await step(newName, during(patienceMs, (ok) => !ok));
    return { filled, failing, healed, absent, present };
  },
  checks: (result) => {
    const { events, topology, data: { filled, failing, healed, absent, present } } = result;
    const [fills, fails, heals, absents] = [askedIn(result, filled, failing), askedIn(result, failing, healed), askedIn(result, healed, absent), askedIn(result, absent, present)];
    const answeredMs = fills.queriesMs[0] ?? 0;
    const firstMs = startOf(result, failing, 0);
    const failedMs = failing.results.at(-1)?.ok === false ? startOf(result, failing, failing.results.length - 1) : null;
    const inTime = firstMs - answeredMs < ttlS * 1000 - wholeSecondMs ? null : `the first request came ${seconds(firstMs - answeredMs)} after the answer, which may have expired`;
    const servedText = failedMs === null ? `all ${failing.results.length} requests were answered, the last one ${seconds(startOf(result, failing, failing.results.length - 1) - answeredMs)} after the answer of DNS` : `the first error came ${seconds(failedMs - answeredMs)} after the answer of DNS`;
    const healedMs = events.findLast(({ event }) => event === 'fault:heal')?.tMs ?? 0;
    const deniedMs = events.find((event) => isAsked(topology, newName)(event))?.tMs ?? 0;
    const lastOk = ({ results }: Step): boolean => results.at(-1)?.ok === true;
    return [
      check('the first request was answered', lastOk(filled), filled.results[0]?.ok === true ? 'answered' : 'failed'),
      checkOfResolver(result, fails, 1, checkUnless(inTime, check('DNS failed, and a request before the end of the TTL was answered', failing.results[0]?.ok === true, seconds(firstMs - answeredMs)))),
      checkOfResolver(result, fails, 1, topology.serveStale
        ? check('after the TTL the resolver served expired records', failedMs === null, servedText)
        : check('after the TTL the failure reached the caller', failedMs !== null, servedText)),
      checkOfResolver(result, heals, 1, check('DNS was well again, and so was the client', lastOk(healed), `after ${seconds(startOf(result, healed, healed.results.length - 1) - healedMs)}`)),
      checkOfResolver(result, absents, 1, check('a name that does not exist was an error', absent.results[0]?.ok === false, absent.results[0]?.ok === true ? 'answered' : 'an error')),
      checkOfResolver(result, absents, 1, check('a name that came into being was seen', lastOk(present), `${seconds(startOf(result, present, present.results.length - 1) - deniedMs)} after DNS had said that it does not exist; that answer had a TTL of ${ttlS} s`)),
    ];
  },
});

/** When the request with this index of a step was made, in ms. */
function startOf({ events }: Pick<Result<unknown>, 'events'>, { first }: Step, index: number): number {
  return events.find((event) => event.event === 'client:request' && event.request === first + index)?.tMs ?? 0;
}

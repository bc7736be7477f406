import { check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';

const shortS = 1;
const longS = 3_600;

export const ttlIgnored = defineScenario({
  title: 'the TTL runs out, and the TTL is an hour: who looks at it?',
  teaches: 'The TTL is for caches. A client without one ignores it in both directions: it stays on a connection longer, and asks again sooner.',
  predict: `A TTL of ${shortS} s, a kept connection, the record removed, ${shortS} s gone by: who answers the next request? Then a TTL of ${longS} s, and two requests on new connections: how many lookups?`,
  explains:
    'A TTL says how long an answer may be kept, not how long what was made of it may be used: the connection outlives it, and nobody looks at the clock. Nor does ' +
    'getaddrinfo keep answers; it does not even hand the TTL to its caller. Without a cache (nscd, systemd-resolved) each new connection asks DNS again, an hour or not. ' +
    'So shortening the TTL before a move does little for clients that keep connections, and nothing at all for those that never keep an answer.',
  sources: ['RFC 1035 section 3.2.1 (TTL)', 'RFC 2181 section 8 (a maximum to live)', 'getaddrinfo(3) (struct addrinfo has no TTL)', 'RFC 9112 section 9.3 (persistence)'],
  reproduces: ['S4', 'S5'],
  run: async ({ client, apply, startClient, backendAt, wait, note }) => {
    const short = await apply('dns-ttl', 'dns', { ttlS: shortS });
    const first = await client.get();
    const removed = backendAt(first.address);
    const gone = await apply('dns-record-removed', 'dns', { backend: removed });
    await wait(shortS * 1000 + 100);
    const expired = await client.get();
    await gone.heal();
    await short.heal();
    await apply('dns-ttl', 'dns', { ttlS: longS });
    note(`a TTL of ${longS} s, and a new connection for each request`);
    const dialling = await startClient({ keepAlive: false });
    const dialled = [await dialling.get(), await dialling.get()];
    return { removed, expired, dialled };
  },
  checks: ({ events, topology, data: { expired, dialled } }) => {
    const answer = events.find((event) => event.event === 'dns:answer' && event.type === 'A' && event.from === topology.hosts.client.ipv4);
    const second = events.find((event) => event.event === 'client:request' && event.request === 2);
    const ageS = answer && second ? (second.tMs - answer.tMs) / 1000 : 0;
    return [
      check('the answer had expired when the second request was made', ageS > shortS, `${ageS.toFixed(2)} s old, TTL ${shortS} s`),
      check('every request was answered', [expired, ...dialled].every(({ ok }) => ok), [expired, ...dialled].filter(({ ok }) => ok).length),
    ];
  },
  contract: ({ events, topology, data: { removed, expired } }) => {
    const queries = (request: number): number => dnsDuring(events, request, topology).queries.filter(({ type }) => type === 'A').length;
    return [
      check('it was answered by the server that DNS had forgotten', answererOf(topology, expired) === removed, answererOf(topology, expired)),
      check('without a query', queries(2) === 0, queries(2)),
      check(`with a TTL of ${longS} s each new connection asked again`, queries(3) === 1 && queries(4) === 1, `${queries(3)} and ${queries(4)}`),
    ];
  },
});

import { check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';
import { webName } from '../lab/vocabulary/topology.ts';

const shortS = 1;
const longS = 3_600;

export const ttlIgnored = defineScenario({
  title: 'a TTL that runs out, and a TTL of an hour: does the client look at them?',
  teaches:
    'The TTL is for caches. A client without a cache ignores it in both directions: ' +
    'it stays on a connection longer, and it asks DNS again sooner.',
  predict:
    `The TTL is ${shortS} s. The client keeps a connection, the record is removed, and ${shortS} s goes by: which backend answers the next ` +
    `request? Then the TTL is ${longS} s, and the client makes two requests on new connections: how many lookups are there?`,
  explains:
    'A TTL says how long an answer may be kept. It says nothing about a connection that was made with the answer: the connection lives longer, ' +
    'and nothing looks at the clock. getaddrinfo does not keep answers either; it does not even give the TTL to its caller. Without a cache ' +
    '(nscd, systemd-resolved) each new connection asks DNS again, even with a TTL of an hour. So a shorter TTL before a move does little for ' +
    'clients that keep connections, and nothing at all for clients that never keep an answer.',
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
    const answer = events.find((event) => event.event === 'dns:answer' && event.name === webName && event.type === 'A' && event.from === topology.hosts.client.ipv4);
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
      check('the second request was answered by the backend whose record was removed', answererOf(topology, expired) === removed, answererOf(topology, expired)),
      check('the second request sent no A query', queries(2) === 0, queries(2)),
      check(`with a TTL of ${longS} s each new connection asked DNS again`, queries(3) === 1 && queries(4) === 1, `${queries(3)} and ${queries(4)}`),
    ];
  },
});

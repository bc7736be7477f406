import { check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import { defineScenario } from '../lab/run/scenario.ts';

export const keepAlive = defineScenario({
  title: 'a kept-alive connection: what does the second request cost, and does a TTL of 0 change it?',
  teaches:
    'A kept-alive connection needs no DNS. The TTL of a record limits how long an answer ' +
    'may be cached. It does not limit how long a connection lives.',
  predict:
    'The records have a TTL of 0. The client makes three requests with keep-alive, with a pause between them, and then three without keep-alive. ' +
    'How many lookups does it make, and how many attempts?',
  explains:
    'A client looks up a name only to open a new connection. While the first connection lives, each request finds it in the pool and never ' +
    'reaches the resolver. So nothing that DNS says matters to this client: neither the TTL nor a new answer. Without keep-alive, each request ' +
    'opens a connection. It asks DNS each time (A and AAAA), and it may reach another backend each time.',
  sources: ['RFC 9112 section 9.3 (persistence)', 'RFC 1035 section 3.2.1 (a TTL of 0: for the transaction in progress only)', 'undici docs: Client option `pipelining`, 0 disables keep-alive'],
  reproduces: ['S4', 'S5'],
  run: async ({ client, dns, startClient, wait, note }) => {
    await dns.ttl(0);
    for (let request = 1; request <= 3; request++) {
      await client.get();
      await wait(50);
    }
    note('the same again, without keep-alive');
    const dialling = await startClient({ keepAlive: false });
    for (let request = 4; request <= 6; request++) await dialling.get();
  },
  checks: ({ findings: { requests } }) => [check('every request was answered', requests.ok === 6 && requests.failed === 0, `${requests.ok} of ${requests.sent}`)],
  contract: ({ events, topology, findings: { attempts } }) => {
    const costOf = (from: number, to: number): string => {
      const lookups = events.filter((event) => event.event === 'client:dns-start' && event.request >= from && event.request <= to).length;
      const connects = attempts.filter(({ request }) => request >= from && request <= to).length;
      const reuses = events.filter((event) => event.event === 'client:connection' && event.reused && event.request >= from && event.request <= to).length;
      return `${lookups} lookups, ${connects} connects, ${reuses} reuses`;
    };
    const queries = [1, 2, 3, 4, 5, 6].flatMap((request) => dnsDuring(events, request, topology).queries);
    const [a, aaaa] = ['A', 'AAAA'].map((type) => queries.filter((query) => query.type === type).length);
    return [
      check('with keep-alive, the first request cost a lookup and a connect', costOf(1, 1) === '1 lookups, 1 connects, 0 reuses', costOf(1, 1)),
      check('with keep-alive, the next two requests cost neither', costOf(2, 3) === '0 lookups, 0 connects, 2 reuses', costOf(2, 3)),
      check('without keep-alive, every request cost a lookup and a connect', costOf(4, 6) === '3 lookups, 3 connects, 0 reuses', costOf(4, 6)),
      check('the DNS server saw two queries for each lookup', a === 4 && aaaa === 4, `${a ?? 0} A, ${aaaa ?? 0} AAAA`),
    ];
  },
});

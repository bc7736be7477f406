import { check, type Check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import type { Method } from '../lab/clients/stage-client.ts';
import { defineScenario } from '../lab/run/scenario.ts';

const methods: readonly Method[] = ['GET', 'PUT', 'POST'];
const endings = ['fin', 'rst'] as const;

export const staleConnection = defineScenario({
  title: 'the backend closes the kept-alive connection as the next request is sent: is it sent again?',
  teaches: 'A kept-alive connection may end at the moment when the client uses it. What happens to the request depends on the client, and on the method.',
  predict:
    'The client sends GET, PUT and POST, each on a kept-alive connection that ends with FIN, and then with RST. Which requests are sent again, ' +
    'and which come back as an error?',
  explains:
    'The server closes an idle connection while the next request is on its way. The client has sent bytes and gets an end instead of ' +
    'an answer, so it cannot know whether the request was carried out. GET and PUT may be repeated anyway, because twice has the same ' +
    'effect as once. POST may not. Some clients repeat by themselves what may be repeated, when a reused connection ends without a ' +
    'byte of a response (Go: GET, HEAD, OPTIONS, TRACE). Node’s two clients repeat nothing and give the error to the caller. To the ' +
    'caller it looks like a broken server, although every server was healthy. This rare error, which nobody can reproduce, happens ' +
    'wherever a server’s idle timeout is shorter than the client’s. The scenario keep-alive-race shows it with such a timeout.',
  sources: [
    'RFC 9110 section 9.2.2 (idempotent methods may be repeated)', 'RFC 9112 section 9.3.1 (retrying requests)', 'RFC 9112 section 9.5 (either side may close at any time)',
    'Go net/http: transport.go, shouldRetryRequest', 'Node http docs: request.reusedSocket',
  ],
  reproduces: ['S17'],
  run: async ({ apply, startClient, wait, dns, note }) => {
    await dns.chain(['sort', 'selectFirst 1']);
    const cases: { ending: string; method: Method; warm: boolean; ok: boolean; error: string }[] = [];
    for (const ending of endings) {
      const fault = await apply('close-on-request', 'backend-1', { ending });
      for (const method of methods) {
        note(`${method} on a kept-alive connection that ends with ${ending.toUpperCase()}`);
        const client = await startClient({});
        const warm = await client.get();
        // The connection becomes idle, as it is between two requests of a real client.
        await wait(20);
        const result = await client.request(method);
        cases.push({ ending, method, warm: warm.ok, ok: result.ok, error: result.ok ? 'answered' : result.error });
        await client.stop();
      }
      await fault.heal();
    }
    return cases;
  },
  checks: ({ events, topology, data }) => {
    const { ipv4 } = topology.hosts.client;
    const reused = requestsOnUsedConnections(events, ipv4);
    const cut = events.filter((event) => event.event === 'backend:broke-off' && event.from === ipv4).length;
    return [
      check('each first request was answered', data.length === 6 && data.every(({ warm }) => warm), data.filter(({ warm }) => warm).length),
      cutText(reused, cut),
    ];
  },
  contract: ({ events, topology, client, data }) => {
    const { ipv4 } = topology.hosts.client;
    const sent = (method: Method): number => events.filter((event) => event.event === 'backend:request' && event.from === ipv4 && event.method === method).length;
    const errorOf = (ending: string): string => (ending === 'fin' && client.transport === 'fetch' ? 'UND_ERR_SOCKET' : 'ECONNRESET');
    return [
      ...data.map(({ ending, method, error }) => check(`the ${method} that met ${ending.toUpperCase()} came back as ${errorOf(ending)}`, error === errorOf(ending), error)),
      // The six first requests are GETs, too.
      check('no request was sent again', sent('GET') === 8 && sent('PUT') === 2 && sent('POST') === 2, `${sent('GET')} GET (6 of them first requests), ${sent('PUT')} PUT, ${sent('POST')} POST`),
    ];
  },
});

function requestsOnUsedConnections(events: readonly TimelineEvent[], from: string): number {
  const seen = new Set<number>();
  return events.filter((event) => {
    if (event.event !== 'backend:request' || event.from !== from) return false;
    const used = seen.has(event.connection);
    seen.add(event.connection);
    return used;
  }).length;
}

/** A client that keeps no connection never meets the fault. It shows nothing, so the check is then `unknown`. */
function cutText(reused: number, cut: number): Check {
  const result = check('each request on a reused connection was cut off', reused === cut, `${reused} on a reused connection, ${cut} cut off`);
  return reused === 0 ? { ...result, verdict: 'unknown' } : result;
}

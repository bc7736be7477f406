import { check, checkUnless } from '../lab/analysis/checks.ts';
import type { AddressedResult } from '../lab/clients/stage-client.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { nameOf, urlOf, type HttpVersion } from '../lab/vocabulary/topology.ts';
import { http2Check, resultsText } from './h2-common.ts';

const together = 4;
const timeoutMs = 1_000;
/** So long does the backend work on a request, so that all of them are under way at once. */
const delayMs = 100;
const versions: readonly HttpVersion[] = ['1.1', '2'];

export interface Part {
  version: HttpVersion;
  warm: AddressedResult[];
  /** The requests at once, when one connection is silent. */
  results: AddressedResult[];
  /** One more request, after the others have ended. */
  next: AddressedResult;
}

export const h2HalfOpen = defineScenario({
  title: 'one connection goes silent, over HTTP/1.1 and over HTTP/2: how many requests are lost?',
  teaches: 'HTTP/1.1 has a connection for each request under way, so a dead one costs one request. HTTP/2 puts all of them on one connection: if it dies, all are lost, and the next one, too.',
  predict: `A firewall forgets one connection of the client. The client makes ${together} requests at once, with a limit of ${timeoutMs} ms each, and then one more. How many fail over HTTP/1.1, and how many over HTTP/2?`,
  explains:
    'The connection is dead, and nobody is told. Over HTTP/1.1 only the request on it waits for its limit, and the client closes that connection with it, so the next ' +
    'request works. Over HTTP/2 every request is a stream of the same connection. A stream that is given up is reset, and the connection stays: the client takes it for ' +
    'good, and puts the next request on it, too. That goes on until TCP gives up, a quarter of an hour later (half-open). Only a PING that is not answered tells a client ' +
    'that the connection is dead, and few clients send one by themselves: Go needs ReadIdleTimeout, nginx and Envoy a setting. undici makes a pool of connections and so ' +
    'loses less; what it gains from HTTP/2 is less, too.',
  sources: ['RFC 9113 section 6.7 (PING)', 'golang/go#30702 and golang/go#36026 (dead HTTP/2 connection)', 'golang.org/x/net/http2: Transport.ReadIdleTimeout', 'envoyproxy/envoy#16313'],
  reproduces: ['S8'],
  http2: true,
  client: { timeoutMs },
  limitMs: 60_000,
  run: async ({ topology, startClient, apply, behave, note }) => {
    const url = urlOf(topology, nameOf('backend-1'));
    const parts: Part[] = [];
    for (const version of versions) {
      await behave('backend-1', { delayMs, alpn: version === '1.1' ? 'http/1.1' : 'offered' });
      // Another client follows the ALPN of the server. Ours must be told: node:http2 offers nothing but HTTP/2.
      const client = await startClient({ http: version });
      const atOnce = (): Promise<AddressedResult[]> => Promise.all(Array.from({ length: together }, () => client.get(url)));
      note(titleOf(version));
      const warm = await atOnce();
      const fault = await apply('half-open', 'backend-1', { connections: 'one', family: 4 });
      const results = await atOnce();
      const next = await client.get(url);
      await client.stop();
      await fault.heal();
      parts.push({ version, warm, results, next });
    }
    return parts;
  },
  checks: (result) => [
    http2Check(result),
    check('every request before the fault was answered', result.data.every(({ warm }) => warm.every(({ ok }) => ok)), result.data.map(({ warm }) => resultsText(warm)).join('; ')),
    ...result.data.map(({ version, results, next }) =>
      checkUnless(
        dialsAfterFault(result, version) > together ? 'the client opened a new connection for each request' : null,
        check(`over HTTP/${version} a request on the silent connection was not answered`, [...results, next].some(({ ok }) => !ok), lostText(results, next)),
      )),
  ],
  contract: ({ data, client }) => data.map(({ version, results, next }) => {
    const lost = results.filter(({ ok }) => !ok).length;
    if (version === '1.1') return check(`over HTTP/1.1 one of ${together} requests was lost, and the next one was answered`, lost === 1 && next.ok, lostText(results, next));
    // undici makes a pool of connections over HTTP/2, too. The next request goes to any of them, also to the dead one.
    if (client.transport === 'fetch') return check(`over HTTP/2 fetch had a connection for each request, so one of ${together} was lost`, lost === 1, lostText(results, next));
    return check(`over HTTP/${version} all ${together} requests were lost, and the next one, too`, lost === together && !next.ok, lostText(results, next));
  }),
});

function titleOf(version: HttpVersion): string {
  return `HTTP/${version}`;
}

function lostText(results: readonly AddressedResult[], next: AddressedResult): string {
  return `${results.filter(({ ok }) => !ok).length} of ${results.length} lost, the next one ${next.ok ? 'answered' : 'lost'}`;
}

/** How many connections the client opened after the fault of one part. */
function dialsAfterFault({ events }: Result<Part[]>, version: HttpVersion): number {
  const begin = events.findIndex((event) => event.event === 'lab:note' && event.text === titleOf(version));
  const part = events.slice(begin);
  const seen = part.findIndex(({ event }) => event === 'fault:verified');
  const healed = part.findIndex(({ event }) => event === 'fault:heal');
  return part.slice(seen, healed).filter(({ event }) => event === 'wire:syn').length;
}

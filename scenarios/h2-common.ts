/** What the scenarios of HTTP/2 share. */
import { check, checkUnless, type Check } from '../lab/analysis/checks.ts';
import type { AddressedResult, Method } from '../lab/clients/stage-client.ts';
import type { Result, Stage } from '../lab/run/scenario.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import type { Topology } from '../lab/vocabulary/topology.ts';

type Seen = Pick<Result<unknown>, 'events' | 'topology'>;

/** The handshakes of the client's host, by the backends' logs. */
export function handshakes({ events, topology }: Seen): Extract<TimelineEvent, { event: 'backend:tls' }>[] {
  return events.filter((event) => event.event === 'backend:tls').filter(({ from }) => isClients(topology, from));
}

/** Those of them after which HTTP/2 is spoken. */
export function http2Connections(seen: Seen): ReturnType<typeof handshakes> {
  return handshakes(seen).filter(({ alpn }) => alpn === 'h2');
}

/** A check for every client: it spoke HTTP/2. For a client that does not, all further checks are unknown. */
export function http2Check(seen: Seen): Check {
  const { length } = http2Connections(seen);
  return ifHttp2(seen, check('the client spoke HTTP/2', length > 0, `${length} connections`));
}

/** A check that is unknown for a client that does not speak HTTP/2. */
export function ifHttp2(seen: Seen, judged: Check): Check {
  return checkUnless(http2Connections(seen).length === 0 ? 'no connection of the client spoke HTTP/2' : null, judged);
}

/** The requests that reached a backend. Only those of `/` count: a browser also asks for /favicon.ico. */
export function arrivals({ events, topology }: Seen, method?: string): Extract<TimelineEvent, { event: 'backend:request' }>[] {
  return events.filter((event) => event.event === 'backend:request').filter(({ from, path, method: used }) => isClients(topology, from) && /^\/(\?|$)/.test(path) && (method === undefined || used === method));
}

/** The GOAWAYs that the backends sent to the client by a fault. */
export function goaways({ events, topology }: Seen): Extract<TimelineEvent, { event: 'backend:goaway' }>[] {
  return events.filter((event) => event.event === 'backend:goaway').filter(({ from }) => isClients(topology, from));
}

/** The requests that the backends ended with RST_STREAM. */
export function resets({ events, topology }: Seen): Extract<TimelineEvent, { event: 'backend:reset-stream' }>[] {
  return events.filter((event) => event.event === 'backend:reset-stream').filter(({ from }) => isClients(topology, from));
}

/** `answered`, or the error of each request, in one line. */
export function resultsText(results: readonly AddressedResult[]): string {
  return results.map((result) => (result.ok ? 'answered' : result.error)).join(', ');
}

function isClients({ hosts: { client } }: Topology, address: string): boolean {
  return address === client.ipv4 || address === client.ipv6;
}

/** A request that met GOAWAY, after one that was answered on the same connection. */
export interface MetGoaway {
  method: Method;
  warm: AddressedResult;
  lost: AddressedResult;
}

/** For GET and for POST, a new client makes a request, and then one whose connection the server ends with GOAWAY. */
export async function meetGoaway({ dns, apply, startClient, note }: Stage, how: 'unprocessed' | 'processed'): Promise<MetGoaway[]> {
  await dns.chain(['sort', 'selectFirst 1']);
  const results: MetGoaway[] = [];
  for (const method of ['GET', 'POST'] as const) {
    note(`${method} on a connection that ends with GOAWAY`);
    const client = await startClient({});
    const warm = await client.get();
    const fault = await apply('h2-goaway', 'backend-1', { how });
    const lost = await client.request(method);
    await fault.heal();
    await client.stop();
    results.push({ method, warm, lost });
  }
  return results;
}

/** The checks for every client of these runs. `judged` is a check of what became of the requests, if one of them met GOAWAY. */
export function metGoawayChecks(result: Result<MetGoaway[]>, judged: Check): Check[] {
  return [
    http2Check(result),
    check('each first request was answered', result.data.every(({ warm }) => warm.ok), resultsText(result.data.map(({ warm }) => warm))),
    checkUnless(goaways(result).length === 0 ? 'the client used no connection twice, so no request met GOAWAY' : null, judged),
  ];
}

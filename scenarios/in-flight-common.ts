/** What the scenarios share that kill a backend while it works on a request. */
import { check, type Check } from '../lab/analysis/checks.ts';
import { LabError } from '../lab/vocabulary/errors.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import type { AddressedResult, Method } from '../lab/clients/stage-client.ts';
import type { Result, Stage } from '../lab/run/scenario.ts';
import { answererOf } from './common.ts';

/** The request that was in flight when its backend was killed, and a GET after it. */
export interface InFlight {
  lost: AddressedResult;
  next: AddressedResult;
}

/**
 * Makes a GET, and then a request that backend-1 holds. Kills backend-1 when that request has reached it, and makes another GET.
 * @throws {LabError} TIME_LIMIT when the request does not reach a backend within 5 s.
 */
export async function killInFlight(stage: Stage, method: Method): Promise<InFlight> {
  const { client, dns, apply, behave, until, topology } = stage;
  // Zone order: the scenario then knows which backend to kill, and the dead backend comes first in the next answer.
  await dns.chain(['sort', 'selectFirst 2']);
  await client.get();
  // However late the kill is on a busy machine, backend-1 has not sent a byte of its answer. When its log shows the request, the request is in flight.
  await behave('backend-1', { delayMs: 30_000 });
  const isRequest = isRequestOf(topology.hosts.client.ipv4);
  let arrived = 0;
  const inFlight = client.request(method);
  if (!(await until((event) => isRequest(event) && ++arrived === 2, 5_000))) {
    throw new LabError('TIME_LIMIT', `The client’s ${method} did not reach a backend within 5 s, so there is no request to interrupt. Look at the timeline: did the client send it?`);
  }
  // A process that dies closes the connection a moment before its listening socket. A client that repeats the request at once would meet either of
  // them, by chance. So backend-1 takes no new connection from here on.
  await apply('refuse', 'backend-1');
  await apply('kill', 'backend-1');
  const lost = await inFlight;
  return { lost, next: await client.get() };
}

/** The checks for every client: the request was in flight, and nobody answered it at the backend that was killed. */
export function inFlightChecks({ topology, events, data: { next } }: Result<InFlight>, method: Method): Check[] {
  const cut = arrivals(events, topology.hosts.client.ipv4).at(1);
  const answers = events.filter((event) => event.event === 'backend:response' && event.host === 'backend-1' && event.from === topology.hosts.client.ipv4 && event.status === 200);
  return [
    check(`the second request, a ${method}, had reached backend-1`, cut?.host === 'backend-1' && cut.method === method, cut ? `${cut.method} seen by ${cut.host}` : 'not seen'),
    check('backend-1 answered only the first request', answers.length === 1, `${answers.length} answered`),
    check('backend-1 answered nothing after it was killed', answererOf(topology, next) !== 'backend-1', answererOf(topology, next)),
  ];
}

/** The requests that reached a backend. Only requests of `/` count: a browser also asks for /favicon.ico, which is not found. */
export function arrivals(events: readonly TimelineEvent[], from: string): Extract<TimelineEvent, { event: 'backend:request' }>[] {
  return events.filter((event) => event.event === 'backend:request').filter(isRequestOf(from));
}

const isRequestOf = (from: string) => (event: TimelineEvent) => event.event === 'backend:request' && event.from === from && event.path === '/';

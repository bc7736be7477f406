/** Which address answered a request, while the scenario goes on. The witnesses tell of a packet or a response some milliseconds after it. */
import { answererAddress, loggedAnswerer, tracedAnswerer } from '../analysis/answerer.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { labCommand } from '../vocabulary/project.ts';
import type { Topology } from '../vocabulary/topology.ts';
import type { Lab } from './lab.ts';

/** Waits until the witnesses have told enough. A client's trace comes before its result. The logs take 1 ms, and the packets up to 20 ms. */
export async function answeredFrom(lab: Lab, request: number): Promise<string | null> {
  const { timeline, topology, processes } = lab;
  const traced = tracedAnswerer(timeline.events, request);
  if (traced !== null) return traced;
  // If a server has ended or is paused, another server may be in its place, or its log may be incomplete. Then the packets decide.
  const logged = (await processes.settle()) ? loggedAnswerer(timeline.events, request, topology) : null;
  if (logged !== null) return logged;
  await lab.settle();
  return answererAddress(timeline.events, request, topology);
}

/** Why the last request of a client was not answered by anybody: a message for the author of the client. */
export function whyNobody(events: readonly TimelineEvent[], client: string, topology: Topology): string {
  const expected = `Expected the client \`${client}\` to be answered by a backend`;
  const byHand = `To try the client by hand: \`${labCommand} up\`, and in another terminal \`${labCommand} exec client COMMAND\`.`;
  const isUnanswered = (event: TimelineEvent): boolean => event.event === 'client:error' || (event.event === 'client:response' && answererAddress(events, event.request, topology) === null);
  const last = events.findLast(isUnanswered);
  if (last?.event === 'client:error') return `${expected}, because the scenario needs to know which one answered. Request #${last.request} failed: ${last.code}. ${byHand}`;
  if (last?.event !== 'client:response') return `${expected}, got no result of a request.`;
  const { request } = last;
  const asked = events.findLast((event) => event.event === 'client:request' && event.request === request);
  const sent = events.filter((event) => event.event === 'wire:request' && event.tMs >= (asked?.tMs ?? Infinity) && event.tMs <= last.tMs).length;
  if (sent === 0) return `${expected}. It reported request #${request} as answered, but no request left its host: packets and servers' logs show none. A client must make each request when it is asked, to the URL that it is given. ${byHand}`;
  return `${expected}. It reported request #${request} as answered, but packets and servers' logs do not show which response is its own. A client must end a request after the whole response; where several requests are under way, it must print the body. ${byHand}`;
}

import { check, checkUnless, type Check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { webName, type BackendName } from '../lab/vocabulary/topology.ts';
import { answererOf } from './common.ts';

/** Each request opens a connection of its own, to this backend. */
const steps: readonly { note: string; backend: BackendName }[] = [
  { note: 'the first handshake', backend: 'backend-1' },
  { note: 'the same backend again', backend: 'backend-1' },
  { note: 'another backend, with keys of its own', backend: 'backend-2' },
  { note: 'the same one, which has the shared keys now', backend: 'backend-2' },
  { note: 'the other backend with the shared keys', backend: 'backend-1' },
];
/** The backends have the shared keys from this request on. */
const sharedFrom = 4;
/** The only requests whose ticket, if the client has one, was made with a key of the backend that gets it. */
const readable = [2, 5];

export const tlsResumption = defineScenario({
  title: 'a client meets another backend with its session ticket: is the session resumed?',
  teaches: 'A session ticket belongs to a name, and its key to a server. Behind one name, resumption works across servers only if they share their ticket keys; otherwise a client pays a full handshake each time DNS sends it elsewhere.',
  predict:
    'Each request opens a new connection. The first two go to backend-1, the next two to backend-2, and the last one to backend-1 again. Before the fourth request, both backends get the same ticket keys. Which of the five ' +
    'handshakes are resumed?',
  explains:
    'After the handshake a server sends tickets: its own state, encrypted with a key that only it knows. The client keeps them for the name, and offers one in the next ClientHello. backend-1 can read its own ticket. backend-2 cannot: it ignores ' +
    'the ticket, and the handshake is a full one, without an error. New keys make the old tickets of the same server worthless, too: a restart does this. With shared keys the last request is resumed at a server that the client has met ' +
    'before with other keys. So node:https resumes the second and the fifth handshake, and offers a ticket in vain in the third and the fourth. Node’s fetch resumes none: its agent forgets a server, and ' +
    'the tickets with it, when the last connection is closed. Go resumes only with a ClientSessionCache, which http.DefaultTransport does not have, and each curl process begins anew.',
  sources: [
    'RFC 8446 section 2.2 and section 4.6.1 (tickets)', 'RFC 5077 section 5.5 (the key of a ticket)', 'Node https docs: Agent option maxCachedSessions', 'undici 7 lib/dispatcher/agent.js, closeClientIfUnused',
    'Go crypto/tls, Config.ClientSessionCache',
  ],
  reproduces: ['S19'],
  https: true,
  run: async ({ topology, client, dns, behave, apply, note, wait }) => {
    await dns.chain(['up', 'sort', 'selectFirst 1']);
    await Promise.all(topology.backends.map((backend) => behave(backend, { closeAfter: 1 })));
    const { ipv4 } = topology.hosts['backend-1'];
    const answerers: string[] = [];
    for (const [index, { note: text, backend }] of steps.entries()) {
      if (index + 1 === sharedFrom) for (const each of ['backend-1', 'backend-2']) await apply('tls-ticket-keys', each, { keys: 'shared' });
      await dns.record(backend === 'backend-1' ? 'up' : 'down', webName, 'A', ipv4);
      note(text);
      answerers.push(answererOf(topology, await client.get()));
      // The client puts tickets away after the response.
      await wait(50);
    }
    return answerers;
  },
  checks: ({ events, topology, data }) => {
    const wrong = resumedRequests(events, topology.hosts.client).filter((request) => !readable.includes(request));
    return [
      check('every request was answered', data.length === steps.length && data.every((answerer) => answerer !== 'nobody'), data.join(' ')),
      checkUnless(
        data.join() === steps.map(({ backend }) => backend).join() ? null : `the client did not follow DNS: ${data.join(' ')}`,
        check('no backend resumed a session whose ticket it cannot read', wrong.length === 0, wrong.length === 0 ? 'none' : `requests ${wrong.join(' ')}`),
      ),
    ];
  },
  contract: ({ client, events, topology }) => {
    if (client.http === '2') return [];
    const own = client.transport === 'http' ? { offered: '2 3 4 5', resumed: readable.join(' ') } : { offered: '', resumed: '' };
    return [same('the requests that offered a ticket', own.offered, offeringRequests(events).join(' ')), same('the requests whose session was resumed', own.resumed, resumedRequests(events, topology.hosts.client).join(' '))];
  },
});

function same(text: string, expected: string, observed: string): Check {
  return check(`${text}: ${expected || 'none'}`, observed === expected, observed || 'none');
}

/** The requests in whose time a backend resumed a session of the client, by the logs of the backends. */
function resumedRequests(events: readonly TimelineEvent[], { ipv4, ipv6 }: { ipv4: string; ipv6: string }): number[] {
  return events.flatMap((event) => (event.event === 'backend:tls' && event.resumed && (event.from === ipv4 || event.from === ipv6) ? [requestAt(events, event.tMs)] : []));
}

/** The requests in whose time a ClientHello with a ticket left, by the packets. */
function offeringRequests(events: readonly TimelineEvent[]): number[] {
  return events.flatMap((event) => (event.event === 'wire:client-hello' && event.resumes ? [requestAt(events, event.tMs)] : []));
}

function requestAt(events: readonly TimelineEvent[], tMs: number): number {
  const begun = events.findLast((event) => event.event === 'client:request' && event.tMs <= tMs);
  return begun?.event === 'client:request' ? begun.request : 0;
}

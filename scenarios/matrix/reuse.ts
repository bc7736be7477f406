/** Failures of a connection that has served a request before. A client that keeps no connection opens a new one. */
import { check } from '../../lab/analysis/checks.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import type { Stage } from '../../lab/run/scenario.ts';
import type { BackendName } from '../../lab/vocabulary/topology.ts';
import { twoAddresses } from './connecting.ts';
import { countOf, defineFailure, measuredEvents, sinceFirstPacket, type Failure } from './failure.ts';

/** Makes a first request. Returns the backend that answered it. */
export async function warmUp(stage: Stage): Promise<BackendName> {
  await twoAddresses(stage);
  return stage.backendAt((await stage.client.get()).address);
}

const isRequest = ({ event }: TimelineEvent): boolean => event === 'wire:request';
const overloadedMs = 1_000;

/** Whether the request went out on the kept-alive connection or on a new one, and how often it was sent. */
function reuseRemark({ events }: { events: readonly TimelineEvent[] }): string {
  const requests = measuredEvents(events).filter((event) => event.event === 'wire:request');
  const [first] = requests;
  if (!first) return 'nothing sent';
  return `${first.count > 1 ? 'reused' : 'dialled'}${requests.length > 1 ? `, sent ${requests.length} times` : ''}`;
}

const closing = (method: 'GET' | 'POST'): Failure =>
  defineFailure({
    title: `closed as ${method} is sent`,
    measures: 'first packet to the answer or the error',
    question: `Which clients send a ${method} again when the server closes the connection as it is sent?`,
    groupBy: 'remark',
    why: 'The server closes the idle connection while the next request is on its way. An idempotent request may be repeated.',
    sources: ['RFC 9112 section 9.3.1 (retrying requests)', 'RFC 9110 section 9.2.2 (idempotent methods)'],
    method,
    prepare: async (stage) => {
      const server = await warmUp(stage);
      await stage.apply('close-on-request', server);
    },
    met: ({ events }) => check('the client sent a request', countOf(events, isRequest) > 0, reuseRemark({ events })),
    readMs: sinceFirstPacket,
    remark: reuseRemark,
  });

export const reuse = {
  'server-stopped': defineFailure({
    title: 'server stopped',
    measures: 'first packet of the next request to its end',
    question: 'What becomes of the next request after the server of an idle connection was stopped?',
    groupBy: 'remark',
    why: 'The server of the idle connection is stopped gracefully. The client gets a FIN, and has to open a new connection.',
    sources: ['RFC 9112 section 9.6 (tear-down)'],
    prepare: async (stage) => {
      await stage.apply('stop', await warmUp(stage));
    },
    met: ({ events }) => check('the client sent a packet', sinceFirstPacket({ events }) !== null, reuseRemark({ events })),
    readMs: sinceFirstPacket,
    remark: reuseRemark,
  }),
  'closed-get': closing('GET'),
  'closed-post': closing('POST'),
  'overloaded': defineFailure({
    title: 'overloaded',
    measures: 'first packet of the next request to its end',
    question: 'Which clients leave a server that answers a second late?',
    groupBy: 'remark',
    why: 'The server answers one second late, and the connection stays up. Nothing on the wire says that another server would be quicker.',
    sources: ['RFC 9112 section 9.3 (persistence)'],
    prepare: async (stage) => {
      await stage.apply('slow-response', await warmUp(stage), { delayMs: overloadedMs });
    },
    met: ({ events }) => check('the client sent a request', countOf(events, isRequest) > 0, reuseRemark({ events })),
    readMs: sinceFirstPacket,
    remark: reuseRemark,
  }),
} satisfies Record<string, Failure>;

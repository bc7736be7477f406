/** Failures of HTTP/2 on a connection that has served a request before. A client without HTTP/2 cannot meet them, and its cell says so. */
import { check } from '../../lab/analysis/checks.ts';
import type { TimelineEvent } from '../../lab/vocabulary/events.ts';
import { countOf, defineFailure, measuredEvents, sinceFirstPacket, type Failure } from './failure.ts';
import { warmUp } from './reuse.ts';

const isRequest = ({ event }: TimelineEvent): boolean => event === 'wire:request';

/** Whether the request was sent again, and where it went first. */
function repeatedRemark({ events }: { events: readonly TimelineEvent[] }): string {
  const requests = measuredEvents(events).filter((event) => event.event === 'wire:request');
  const [first] = requests;
  if (!first) return 'nothing sent';
  return `${first.count > 1 ? 'same connection' : 'new connection'}, ${requests.length === 1 ? 'not repeated' : `repeated ${requests.length - 1} times`}`;
}

/** What all of them have: the request is measured from its first packet to its end, and the remark says whether it was repeated. */
const common = {
  measures: 'first packet of the request to its end',
  groupBy: 'remark',
  http2: true,
  met: ({ events }: { events: readonly TimelineEvent[] }) => check('the client sent a request', countOf(events, isRequest) > 0, repeatedRemark({ events })),
  readMs: sinceFirstPacket,
  remark: repeatedRemark,
} as const;

export const http2 = {
  'h2-silent': defineFailure({
    ...common,
    title: 'connection silent',
    question: 'What becomes of a request on a connection of HTTP/2 that has gone silent?',
    why: 'A firewall has forgotten the connection. New connections work, but the client does not know that it needs one.',
    sources: ['RFC 9113 section 6.7 (PING)', 'golang/go#36026'],
    prepare: async (stage) => {
      await stage.apply('half-open', await warmUp(stage));
    },
  }),
  'h2-unprocessed': defineFailure({
    ...common,
    title: 'GOAWAY, POST not processed',
    question: 'Which clients send a POST again that the server says it has not looked at?',
    why: 'The server ends the connection with GOAWAY, and its number says that it has not looked at the POST. So it may be sent again.',
    sources: ['RFC 9113 section 6.8 (GOAWAY)', 'RFC 9113 section 8.7 (request reliability)'],
    method: 'POST',
    prepare: async (stage) => {
      await stage.apply('h2-goaway', await warmUp(stage), { how: 'unprocessed' });
    },
  }),
  'h2-refused': defineFailure({
    ...common,
    title: 'stream refused once',
    question: 'Which clients send a request again that was refused with REFUSED_STREAM?',
    why: 'The server refuses the request once, before it looks at it. So it may be sent again on the same connection.',
    sources: ['RFC 9113 section 8.7 (REFUSED_STREAM)'],
    prepare: async (stage) => {
      await stage.apply('h2-refused-stream', await warmUp(stage), { streams: 'once' });
    },
  }),
  'h2-reset-under-post': defineFailure({
    ...common,
    title: 'POST reset',
    question: 'Which clients repeat a POST whose stream the server has reset?',
    why: 'The server ends the stream of a POST with INTERNAL_ERROR, so the work may be done. The POST must not be repeated.',
    sources: ['RFC 9113 section 6.4 (RST_STREAM)', 'RFC 9110 section 9.2.2 (idempotent methods)'],
    method: 'POST',
    prepare: async (stage) => {
      await stage.apply('h2-reset-stream', await warmUp(stage));
    },
  }),
} satisfies Record<string, Failure>;

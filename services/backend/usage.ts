/** What `GET /` tells about the commands of a backend, on a lab that people drive with curl. */
import { expectedOf, longestTimerMs, oneOf, text, wholeNumber } from '../../lab/vocabulary/values.ts';
import type { Usage } from '../usage.ts';
import { behaviourOptions, ofFamilies } from './behaviour.ts';
import { certificateKinds } from './tls-behaviour.ts';
import { connectionFields } from './connections.ts';

export const timer = wholeNumber(0, longestTimerMs);
/** Whether a drain keeps idle connections, or closes them at once. */
export const idleKind = oneOf(['keep', 'close']);

const nothing = 'Nothing remains that could be undone.';
const family = { family: '4 or 6' };
const behaviour = Object.fromEntries(Object.entries(behaviourOptions).map(([name, { kind, doc }]) => [name, `${expectedOf(kind)}: ${doc}`]));
const ofFault = `${expectedOf(text)}, the name of a fault`;

export const backendUsage = {
  behaviour: { does: 'changes how the application answers', arguments: behaviour, example: { delayMs: 500 }, undo: { 'heal-behaviour': { fault: null } } },
  'fault-behaviour': {
    does: 'the same under the name of a fault, so that it can be undone alone',
    arguments: { fault: ofFault, change: 'an object with arguments of `behaviour`', family: `${expectedOf(ofFamilies)}: the connections of which IP family it is for; 0, and if it is left out: both` },
    example: { fault: 'mine', change: { status: 503 } },
    undo: { 'heal-behaviour': { fault: 'mine' } },
  },
  'heal-behaviour': { does: 'undoes `behaviour` (null), or `fault-behaviour`', arguments: { fault: `${ofFault}, or null` }, example: { fault: null }, undo: nothing },
  connections: {
    does: 'changes how connections end: late, or after a number of bytes',
    arguments: Object.fromEntries(Object.entries(connectionFields).map(([name, kind]) => [name, expectedOf(kind)])),
    example: { closeDelayMs: 1_000, cutAfterBytes: 100, cutWith: 'rst' },
    undo: { connections: { closeDelayMs: 0, cutAfterBytes: null, cutWith: 'fin' } },
  },
  certificate: {
    does: 'takes a certificate that `behaviour` may name from then on, if the backend speaks TLS',
    arguments: { kind: Object.keys(certificateKinds).join(', '), key: 'the private key (PEM)', cert: 'the certificate, and those of the CAs between it and the root (PEM)' },
    example: { kind: 'expired', key: '…', cert: '…' },
    undo: nothing,
  },
  refuse: { does: 'stops listening on one address: new connections get RST, established ones stay', arguments: family, example: { family: 4 }, undo: { listen: { family: 4 } } },
  listen: { does: 'undoes `refuse` and `deafen`', arguments: family, example: { family: 4 }, undo: nothing },
  deafen: {
    does: 'listens and accepts no connection: when the backlog is full, the kernel drops every SYN',
    arguments: { ...family, backlog: expectedOf(wholeNumber()) },
    example: { family: 4, backlog: 0 },
    undo: { listen: { family: 4 } },
  },
  drain: {
    does: 'stops listening; each response on an established connection says `Connection: close`',
    arguments: { idle: `${expectedOf(idleKind)}: idle connections; kept if it is left out` },
    example: { idle: 'close' },
    undo: { undrain: {} },
  },
  undrain: { does: 'undoes `drain`', arguments: {}, example: {}, undo: nothing },
  'close-idle': { does: 'closes the connections that wait for their next request', arguments: {}, example: {}, undo: nothing },
  'drain-time': {
    does: 'how long requests in flight may take after SIGTERM',
    arguments: { drainMs: expectedOf(timer) },
    example: { drainMs: 1_000 },
    undo: { 'drain-time': { drainMs: 5_000 } },
  },
  'hand-over': {
    does: 'stops listening, drains for `drainMs`, and ends the process after `shutdownMs`, as the old process of a hot restart does',
    arguments: { drainMs: expectedOf(timer), shutdownMs: expectedOf(timer) },
    example: { drainMs: 4_000, shutdownMs: 6_000 },
    undo: 'The process ends. Start it again: docker compose start SERVICE',
  },
} satisfies Record<string, Usage>;

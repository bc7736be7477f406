/** What real clients and servers say to each other, recorded between them in this process: the bytes of TCP connections, as frames of the lab's client. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { CapturedFrame } from '../vocabulary/frame-records.ts';
import type { FlowEnds, Side, StreamProtocol, WireEvent } from '../wire/stream.ts';
import { ACK, came, FIN, sent, SYN } from './frames.ts';

/** Bytes that a side sent, or its FIN. */
export interface Step {
  side: Side;
  bytes: Buffer | 'fin';
}

/** The steps of each connection, in the order in which they were opened. */
export type Conversation = Step[][];

/**
 * Listens, and passes every connection on to `server`, which it starts and closes. Resolves when `use`, which is given the port to connect to, has resolved and
 * all connections have ended.
 */
export async function tapped(server: Server, use: (port: number) => Promise<unknown>): Promise<Conversation> {
  const conversation: Conversation = [];
  const open = new Set<Promise<void>>();
  const port = await listening(server);
  const tap = createServer({ allowHalfOpen: true }, (client) => {
    const steps: Step[] = [];
    conversation.push(steps);
    const target = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    open.add(Promise.all([passOn(client, target, 'client', steps), passOn(target, client, 'server', steps)]).then(() => undefined));
  });
  try {
    await use(await listening(tap));
    await Promise.all(open);
  } finally {
    tap.close();
    server.close();
  }
  return conversation;
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  return (server.address() as AddressInfo).port;
}

function passOn(from: Socket, to: Socket, side: Side, steps: Step[]): Promise<void> {
  return new Promise((resolve) => {
    from.on('data', (bytes) => { steps.push({ side, bytes }); to.write(bytes); });
    from.on('end', () => { steps.push({ side, bytes: 'fin' }); to.end(); });
    from.on('error', () => { to.resetAndDestroy(); });
    // A socket that is closed takes no more.
    from.on('close', () => { to.destroySoon(); resolve(); });
  });
}

const tappedPort = 8_443;
const firstLocalPort = 40_000;
/** What a segment holds on a link with an MTU of 1500 bytes. */
const segmentBytes = 1_448;

/** The frames of the connections, one after the other, a millisecond apart: frame n was captured at n ms. */
export function framesOf(conversation: Conversation): CapturedFrame[] {
  const frames = conversation.flatMap((steps, index) => {
    const ports = { port: tappedPort, localPort: firstLocalPort + index };
    const next = { client: 101, server: 201 };
    const segment = (side: Side, flags: number, payload: Buffer): Buffer => {
      const [sequence, acknowledged] = side === 'client' ? [next.client, next.server] : [next.server, next.client];
      next[side] += payload.length + (flags === ACK ? 0 : 1);
      return (side === 'client' ? sent : came)({ ...ports, flags, sequence, acknowledged, payload });
    };
    return [
      sent({ ...ports, flags: SYN, sequence: 100 }),
      came({ ...ports, flags: SYN | ACK, sequence: 200, acknowledged: 101 }),
      ...steps.flatMap(({ side, bytes }) => (bytes === 'fin' ? [segment(side, FIN | ACK, Buffer.alloc(0))] : cut(bytes).map((payload) => segment(side, ACK, payload)))),
    ];
  });
  return frames.map((bytes, index) => ({ number: index + 1, bytes, atMs: index + 1, realtimeNs: BigInt(index + 1) * 1_000_000n, lengthBytes: bytes.length }));
}

function cut(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / segmentBytes) }, (_, index) => bytes.subarray(index * segmentBytes, (index + 1) * segmentBytes));
}

/** The ends of the first connection in those frames. */
export const tappedEnds: FlowEnds = { address: '198.51.100.11', port: tappedPort, localPort: firstLocalPort, family: 4 };

/** What a protocol reads of one connection. Step n has the time n ms. */
export function readBy(protocol: StreamProtocol, steps: readonly Step[]): WireEvent[] {
  return steps.flatMap(({ side, bytes }, index) => (bytes === 'fin' ? (protocol.end?.(side, index) ?? []) : protocol.take(side, bytes, index)).map((event) => ({ atMs: index, ...event })));
}

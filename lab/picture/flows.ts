/** The client's TCP connections as the packets show them, and which request of the caller each exchange belongs to. */
import { startOf } from '../analysis/request-line.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { closeNotify } from '../vocabulary/telling.ts';
import { dnsPort } from '../vocabulary/topology.ts';
import { firstIndex } from './scale.ts';

/** An event of a flow, with its place among the events of the run. */
export interface Packet {
  event: Extract<TimelineEvent, { localPort: number; port: number; family: number }>;
  index: number;
  /** Whether something on the flow shows that it arrived. A SYN needs an answer; payload that is not sent again has arrived (RFC 9293 section 3.8.1). */
  arrived: boolean;
}

/** A request that left on a flow, and its response. */
export interface Exchange {
  flow: Flow;
  asked: Packet;
  answered: Packet | null;
  /** The request of the caller. Undefined where several were under way and nothing tells which one it was. */
  request: number | undefined;
}

/** A connection, or the attempt at one. */
export interface Flow {
  address: string;
  localPort: number;
  packets: Packet[];
  exchanges: Exchange[];
  /** When the SYN-ACK came. */
  connectedMs: number | null;
  /** When the first RST or FIN was seen. */
  closedMs: number | null;
}

/** Returns the flows in the order of their first packets. DNS over TCP is not among them. */
export function flowsOf(events: readonly TimelineEvent[]): Flow[] {
  const flows: Flow[] = [];
  const current = new Map<string, Flow>();
  for (const [index, event] of events.entries()) {
    if (event.witness !== 'wire' || !('localPort' in event) || !('port' in event) || event.port === dnsPort) continue;
    const key = `${event.address} ${event.port} ${event.localPort}`;
    let flow = current.get(key);
    if (!flow || event.event === 'wire:syn') {
      flow = { address: event.address, localPort: event.localPort, packets: [], exchanges: [], connectedMs: null, closedMs: null };
      current.set(key, flow);
      flows.push(flow);
    }
    take(flow, { event, index, arrived: true });
  }
  for (const flow of flows) judgeArrivals(flow);
  assignRequests(events, flows);
  return flows;
}

function take(flow: Flow, packet: Packet): void {
  const { event } = packet;
  flow.packets.push(packet);
  if (event.event === 'wire:syn-ack') flow.connectedMs ??= event.tMs;
  // A connection that was there before the capture began.
  else if (event.event === 'wire:request' && flow.connectedMs === null) flow.connectedMs = flow.packets[0]?.event.tMs ?? event.tMs;
  if (event.event === 'wire:rst' || event.event === 'wire:fin') flow.closedMs ??= event.tMs;
  if (event.event === 'wire:request') flow.exchanges.push({ flow, asked: packet, answered: null, request: undefined });
  if (event.event === 'wire:response') {
    const exchange = flow.exchanges.findLast(({ asked, answered }) => answered === null && asked.event.event === 'wire:request' && asked.event.count === event.count);
    if (exchange) exchange.answered = packet;
  }
}

/** Who sent a packet. */
export function senderOf({ event }: Pick<Packet, 'event'>): 'client' | 'server' {
  if ('sender' in event) return event.sender === 'client' ? 'client' : 'server';
  return event.event === 'wire:syn-ack' || event.event === 'wire:response' || event.event === 'wire:server-hello' ? 'server' : 'client';
}

const looks: Partial<Record<TimelineEvent['event'], 'end' | 'reset'>> = { 'wire:rst': 'reset', 'wire:unreachable': 'reset', 'wire:icmp': 'reset', 'wire:fin': 'end', 'wire:tls-truncated': 'reset', 'wire:h2-rst-stream': 'reset', 'wire:h2-goaway': 'end' };

/** Whether a packet ends something in order, or breaks it off. Undefined: neither. */
export function lookOf(event: Packet['event']): 'end' | 'reset' | undefined {
  return event.event === 'wire:tls-alert' ? (event.alert === closeNotify ? 'end' : 'reset') : looks[event.event];
}

/** Walks back from the last packet, so that each one knows what followed. */
function judgeArrivals({ packets }: Flow): void {
  let isAnswered = false;
  const sentAgain = { client: false, server: false };
  for (const packet of packets.toReversed()) {
    const sender = senderOf(packet);
    const { event } = packet;
    if (event.event === 'wire:syn' || event.event === 'wire:syn-retransmission') packet.arrived = isAnswered;
    else if (event.event === 'wire:request' || event.event === 'wire:response' || event.event === 'wire:data-retransmission') packet.arrived = !sentAgain[sender];
    if (event.event === 'wire:data-retransmission') {
      // The last one of a row that nobody answered did not arrive either.
      if (!sentAgain[sender] && sender === 'client') packet.arrived = isAnswered;
      sentAgain[sender] = true;
    } else if (event.event === 'wire:request' || event.event === 'wire:response') sentAgain[sender] = false;
    isAnswered = sender === 'server' || (isAnswered && event.event !== 'wire:syn-retransmission' && event.event !== 'wire:data-retransmission');
  }
}

/** A program's clock and the kernel's stamps on packets agree to within this time. */
const clockMs = 1;

function assignRequests(events: readonly TimelineEvent[], flows: readonly Flow[]): void {
  const used = usesOf(events);
  const exchanges = flows.flatMap((flow) => flow.exchanges).sort((one, other) => one.asked.index - other.asked.index);
  const underWay = new Map<number, Extract<TimelineEvent, { event: 'client:request' }>>();
  let next = 0;
  for (const exchange of exchanges) {
    for (; next < exchange.asked.index; next++) {
      const event = events[next];
      if (event?.event === 'client:request') underWay.set(event.request, event);
      else if (event?.event === 'client:response' || event?.event === 'client:error') underWay.delete(event.request);
    }
    const { address, localPort, tMs } = exchange.asked.event;
    // A client that cannot tell its port says 0.
    const uses = used.get(`${address} ${localPort}`) ?? used.get(`${address} 0`);
    if (used.size > 0) {
      exchange.request = uses?.[firstIndex(uses, (use) => use.tMs > tMs + clockMs) - 1]?.request;
      continue;
    }
    const line = exchange.asked.event.event === 'wire:request' ? exchange.asked.event.line : '';
    const all = [...underWay.values()];
    const own = all.filter((asked) => line.startsWith(startOf(asked)));
    exchange.request = (own.length === 1 ? own[0] : all.length === 1 ? all[0] : undefined)?.request;
  }
}

/** Which request used which flow, according to the client's trace. Each client process numbers its connections from 1, so the last one counts. */
function usesOf(events: readonly TimelineEvent[]): Map<string, { tMs: number; request: number }[]> {
  const ports = new Map<string, number>();
  const uses = new Map<string, { tMs: number; request: number }[]>();
  for (const event of events) {
    if (event.event === 'client:connect-done') ports.set(`${event.connection} ${event.address}`, event.localPort);
    if (event.event !== 'client:connection') continue;
    const key = `${event.address} ${ports.get(`${event.connection} ${event.address}`) ?? 0}`;
    const use = { tMs: event.tMs, request: event.request };
    const known = uses.get(key);
    if (known) known.push(use);
    else uses.set(key, [use]);
  }
  return uses;
}

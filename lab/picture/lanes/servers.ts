/** The lane of a server: attempts, connections, requests, packets, and the faults that break it. */
import type { Attempt } from '../../analysis/attempts.ts';
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { nameAt, serverAt, serverTone } from '../hosts.ts';
import { lookOf, senderOf, type Flow, type Packet } from '../flows.ts';
import { duration, emptyRow, shortAddress, stacked, type Lane, type Mark, type PicturedRun, type Row } from '../model.ts';
import { faultsOn, flagsOn, shadesOf } from './faults.ts';
import { handshakeBars } from './handshakes.ts';

/** More connections of one family at the same time than this share rows. */
const mostRows = 4;

/** What one connection, or an attempt at one, adds to its row. */
interface Drawn {
  family: number;
  /** From the first to the last moment, for the choice of a row. */
  span: Mark;
  lines: Mark[];
  bars: Mark[];
  ticks: Mark[];
}

/** Returns null for a server that the client did not meet and that no fault broke. `server` is its place among the hosts. */
export function serverLane(run: PicturedRun, flows: readonly Flow[], server: number, endMs: number): Lane | null {
  const { events, findings, hosts } = run;
  const { name: host = '', address } = hosts.servers[server] ?? {};
  const tone = serverTone(server);
  const faults = faultsOn(events, host, endMs);
  const flags = flagsOn(events, host);
  const drawn = drawnFor(run, flows, server, tone, endMs);
  const steps = loadSteps(run, host);
  if (drawn.length === 0 && faults.length === 0 && flags.length === 0 && steps === null) return null;

  const families = [6, 4].filter((family) => drawn.some((each) => each.family === family) || faults.some((fault) => fault.family === family));
  // A fault on both families breaks the family that the run is about.
  const shown = families.length > 0 ? families : [findings.attempts.some(({ family }) => family === 6) ? 6 : 4];
  const rows = shown.flatMap((family): Row[] => {
    const own = drawn.filter((each) => each.family === family);
    const shades = shadesOf(faults.filter((fault) => fault.family === null || fault.family === family));
    const groups = stacked(own.map(({ span }) => span), mostRows);
    const inOrder = (marks: Mark[]): Mark[] => marks.sort((one, other) => one.fromMs - other.fromMs);
    return (groups.length > 0 ? groups : [[]]).map((group, place) => {
      const members = own.filter(({ span }) => group.includes(span));
      const ticks = inOrder(members.flatMap((each) => each.ticks));
      return emptyRow(place === 0 ? `IPv${family}` : '', ticks.some(({ sinceMs }) => sinceMs !== undefined) ? 'intervals' : 'tall', { shades, lines: inOrder(members.flatMap((each) => each.lines)), bars: inOrder(members.flatMap((each) => each.bars)), ticks });
    });
  });
  const everywhere = shadesOf(faults.filter(({ family }) => family === null));
  if (flags.length > 0) rows.unshift(emptyRow('changes', 'low', { ticks: flags, shades: everywhere }));
  if (steps) rows.push(emptyRow('load', 'tall', { shades: everywhere, steps }));
  return { name: host, address, tone, rows };
}

function drawnFor({ events, findings, hosts }: PicturedRun, flows: readonly Flow[], server: number, tone: Mark['tone'], endMs: number): Drawn[] {
  const attempts = findings.attempts.filter(({ address }) => serverAt(hosts, address) === server);
  const left = new Set(attempts);
  const drawn = flows
    .filter(({ address }) => serverAt(hosts, address) === server)
    .map((flow) => {
      const attempt = [...left].find(({ address, localPort, startMs }) => address === flow.address && localPort === flow.localPort && Math.abs(startMs - (flow.packets[0]?.event.tMs ?? 0)) < 1_500);
      if (attempt) left.delete(attempt);
      return drawFlow(flow, attempt, findings.attempts, events, tone, endMs);
    });
  // An attempt without a packet: the address has no route, or no neighbour answered.
  for (const attempt of left) drawn.push({ family: attempt.family, lines: [], ticks: questionTicks(events, attempt, endMs), ...attemptBar(attempt, findings.attempts, [], events, tone, endMs) });
  return drawn;
}

/** When another attempt of the same dial connected. From then on, nobody waits for an attempt that is still open. */
export function wonAt(attempts: readonly Attempt[], { dial, startMs, outcome }: Attempt): number | undefined {
  return outcome === 'connected' ? undefined : attempts.find((other) => other.dial === dial && other.outcome === 'connected' && other.endMs !== null && other.endMs >= startMs)?.endMs ?? undefined;
}

function attemptBar(attempt: Attempt, attempts: readonly Attempt[], packets: readonly Packet[], events: readonly TimelineEvent[], tone: Mark['tone'], endMs: number): { span: Mark; bars: Mark[] } {
  const { address, startMs, outcome, request } = attempt;
  const isConnected = outcome === 'connected';
  const toMs = attempt.endMs ?? wonAt(attempts, attempt) ?? requestEnd(events, request, startMs) ?? endMs;
  const ms = duration(toMs - startMs);
  const short = shortAddress(address);
  // The client was still waiting when its request ended.
  const word = outcome === 'open' ? 'silent' : outcome;
  // Of an attempt without an answer, a capture may show a single packet.
  const isMoment = toMs === startMs && word === 'silent';
  const bar: Mark = {
    fromMs: startMs, toMs, tone: isConnected ? tone : 'failed', look: isConnected ? 'outline' : 'dashed', request: requestOf(attempt),
    labels: isConnected ? [`connect ${ms}`, ms] : isMoment ? [word] : [`${word} ${word === 'silent' ? 'for' : 'after'} ${ms}`, `${word} ${ms}`, word],
    title: `Attempt at ${short}${request > 0 ? ` for request #${request}` : ''}: ${isMoment ? 'no answer in this capture' : `${outcome} ${outcome === 'silent' ? 'for' : 'after'} ${ms}`}${attempt.synCount === null ? '' : `, ${attempt.synCount} ${attempt.synCount === 1 ? 'SYN' : 'SYNs'}`}`,
    events: [...packets.map(({ index }) => index), ...(request === 0 ? [] : events).flatMap((event, index) => (event.witness === 'client' && 'address' in event && event.address === address && 'request' in event && event.request === request && event.event.includes('connect-') && event.tMs >= startMs - 50 && event.tMs <= toMs + 50 ? [index] : []))],
  };
  return { span: { ...bar }, bars: [bar] };
}

/** The request that an attempt was made for, if there was one. A capture from elsewhere does not tell of requests. */
function requestOf({ request }: Attempt): number | undefined {
  return request > 0 ? request : undefined;
}

const ends = new WeakMap<readonly TimelineEvent[], Map<number, number>>();

/** An attempt that the client still waits for ends for the caller with its request. */
function requestEnd(events: readonly TimelineEvent[], request: number, afterMs: number): number | undefined {
  let known = ends.get(events);
  if (!known) {
    known = new Map(events.flatMap((event): [number, number][] => (event.event === 'client:response' || event.event === 'client:error' ? [[event.request, event.tMs]] : [])));
    ends.set(events, known);
  }
  const endMs = known.get(request);
  return endMs !== undefined && endMs >= afterMs ? endMs : undefined;
}

function drawFlow(flow: Flow, attempt: Attempt | undefined, attempts: readonly Attempt[], events: readonly TimelineEvent[], tone: Mark['tone'], endMs: number): Drawn {
  const [first] = flow.packets;
  const fromMs = first?.event.tMs ?? 0;
  const opening = flow.packets.filter(({ event }) => /^wire:(syn|rst|unreachable)/.test(event.event) && (flow.connectedMs === null || event.tMs <= flow.connectedMs));
  const made = attempt ? attemptBar(attempt, attempts, opening, events, tone, endMs) : { bars: [], span: null };
  const connectedMs = flow.connectedMs;
  const isKept = connectedMs !== null && attempt?.outcome !== 'refused';
  const closedMs = flow.closedMs ?? endMs;
  const port = flow.localPort;
  const lines: Mark[] = isKept
    ? [{ fromMs: connectedMs, toMs: closedMs, tone, look: 'line', labels: [], title: `Connection from port ${port} to ${shortAddress(flow.address)}: ${duration(closedMs - connectedMs)}, ${flow.exchanges.length} ${flow.exchanges.length === 1 ? 'request' : 'requests'}${flow.closedMs === null ? ', still open at the end' : ''}`, events: [], request: flow.exchanges[0]?.request }]
    : [];
  const exchanges = flow.exchanges.map(({ asked, answered, request }): Mark => {
    const toMs = answered?.event.tMs ?? Math.max(asked.event.tMs, requestEnd(events, request ?? -1, asked.event.tMs) ?? Math.min(closedMs, endMs));
    const ms = duration(toMs - asked.event.tMs);
    const line = 'line' in asked.event ? asked.event.line : '';
    const status = answered && 'line' in answered.event ? answered.event.line.replace(/^HTTP\/\S+ /, '') : 'no answer';
    const code = status.split(' ')[0] ?? '';
    return { fromMs: asked.event.tMs, toMs, request, tone: answered ? tone : 'failed', look: answered ? 'solid' : 'dashed', labels: [...(answered ? [`${code} ${ms}`, ms, code] : [`no answer ${ms}`, 'no answer'])], title: `${line || 'request'}${request === undefined ? '' : ` (#${request})`} → ${status} ${answered ? 'after' : 'for'} ${ms}`, events: [asked.index, ...(answered ? [answered.index] : [])] };
  });
  const span: Mark = { ...(made.span ?? { tone, look: 'line', labels: [], title: '', events: [] }), fromMs: Math.min(fromMs, made.span?.fromMs ?? fromMs), toMs: Math.max(isKept ? closedMs : fromMs, made.span?.toMs ?? fromMs, flow.packets.at(-1)?.event.tMs ?? fromMs, ...exchanges.slice(-1).map(({ toMs }) => toMs)) };
  const isVisible = ({ event }: Packet): boolean => !unseen.has(event.event);
  const handshakes = handshakeBars(flow, tone, closedMs).map((bar): Mark => ({ ...bar, request: attempt && requestOf(attempt) }));
  return { family: first?.event.family ?? 4, span, lines, bars: [...made.bars, ...handshakes, ...exchanges], ticks: packetTicks(flow.packets.filter(isVisible), flow, attempt && requestOf(attempt)) };
}

/** These have no mark of their own: the end of a handshake is that of its bar, and every HTTP/2 connection has settings. */
const unseen = new Set<TimelineEvent['event']>(['wire:out-of-order', 'wire:tls-done', 'wire:h2-settings']);
const names: Partial<Record<TimelineEvent['event'], string>> = {
  'wire:syn': 'SYN', 'wire:syn-retransmission': 'SYN again', 'wire:syn-ack': 'SYN-ACK', 'wire:rst': 'RST', 'wire:fin': 'FIN', 'wire:data-retransmission': 'payload again', 'wire:keep-alive-probe': 'keep-alive probe', 'wire:zero-window': 'window 0',
  'wire:quic-initial': 'QUIC Initial', 'wire:unreachable': 'ICMP unreachable', 'wire:icmp': 'ICMP error', 'wire:client-hello': 'ClientHello', 'wire:server-hello': 'ServerHello', 'wire:tls-truncated': 'FIN without close_notify', 'wire:h2-ping': 'PING', 'wire:h2-goaway': 'GOAWAY', 'wire:h2-rst-stream': 'RST_STREAM',
};

function nameOf(event: Packet['event']): string {
  if (event.event === 'wire:tls-alert') return `TLS alert ${event.alert}`;
  const name = names[event.event] ?? (('line' in event && event.line) || event.event.slice('wire:'.length));
  return 'error' in event ? `${name} ${event.error}` : name;
}

/** A packet that is sent again says how long after the one before. */
function packetTicks(packets: readonly Packet[], flow: Flow, attemptRequest: number | undefined): Mark[] {
  let lastMs: number | null = null;
  const asked = new Map(flow.exchanges.map((exchange) => [exchange.asked, exchange.request]));
  let request = attemptRequest;
  return packets.map((packet): Mark => {
    const { event, index, arrived } = packet;
    const isAgain = event.event === 'wire:syn-retransmission' || event.event === 'wire:data-retransmission';
    const sinceMs = isAgain && lastMs !== null ? lastMs : undefined;
    const gap = sinceMs === undefined ? null : duration(event.tMs - sinceMs);
    if (isAgain || event.event === 'wire:syn' || event.event === 'wire:request' || event.event === 'wire:response') lastMs = event.tMs;
    const sender = senderOf(packet);
    const what = nameOf(event);
    const look = lookOf(event);
    request = asked.get(packet) ?? request;
    return { fromMs: event.tMs, toMs: event.tMs, request, sinceMs, tone: arrived && !isAgain && look !== 'reset' ? 'packet' : 'failed', look: look ?? (sender === 'client' ? 'out' : 'in'), labels: gap === null ? [] : [gap], title: `${what} from ${sender === 'client' ? 'the client' : shortAddress(flow.address)}, port ${flow.localPort}${gap === null ? '' : `, ${gap} after the one before`}${arrived ? '' : ', not answered'}`, events: [index] };
  });
}

function questionTicks(events: readonly TimelineEvent[], attempt: Attempt, runEndMs: number): Mark[] {
  const { address, startMs, endMs } = attempt;
  return events.flatMap((event, index): Mark[] => (event.event === 'wire:neighbour-solicitation' && event.address === address && event.tMs >= startMs - 1 && event.tMs <= (endMs ?? runEndMs) + 1 ? [{ fromMs: event.tMs, toMs: event.tMs, tone: 'failed', look: 'question', request: requestOf(attempt), labels: [], title: `Who has ${shortAddress(address)}? The client asks for its hardware address`, events: [index] }] : []));
}

/** How many connections a backend has accepted from the load, by its own log. Null in a run without a load. */
function loadSteps({ events, hosts }: PicturedRun, host: string): Row['steps'] | null {
  if (!events.some(({ witness }) => witness === 'load')) return null;
  const accepted = events.filter((event) => event.event === 'backend:accept' && event.host === host && event.tMs >= 0 && nameAt(hosts, event.from) === 'observer');
  return { points: accepted.map(({ tMs }, index) => ({ atMs: tMs, value: index + 1 })), what: 'connections accepted', most: accepted.length };
}

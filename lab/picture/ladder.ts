/** One request step by step, as a ladder: time goes down, each host has a column, and a packet is an arrow that may not arrive. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { flowsOf, lookOf, senderOf } from './flows.ts';
import { shortAddress, type PicturedRun, type Tone } from './model.ts';
import { nameAt, serverTone } from './hosts.ts';

export interface LadderStep {
  atMs: number;
  /** The columns of sender and receiver; the same for something that happens on one host. */
  from: string;
  to: string;
  text: string;
  /** The packet did not arrive. */
  isLost: boolean;
  tone: Tone;
  index: number;
}

export interface Ladder {
  request: number;
  title: string;
  columns: { name: string; tone: Tone }[];
  steps: LadderStep[];
  /** How many steps are left out, because there are too many to look at. */
  leftOut: number;
  attempts: { fromMs: number; toMs: number; isConnected: boolean }[];
  fromMs: number;
  toMs: number;
}

const mostSteps = 250;

/** Returns null if the run has no such request. */
export function ladderOf(run: PicturedRun, request: number): Ladder | null {
  const { events, findings, hosts } = run;
  const asked = events.findIndex((event) => event.event === 'client:request' && event.request === request);
  const begun = events[asked];
  if (begun?.event !== 'client:request') return null;
  const ended = events.find((event) => (event.event === 'client:response' || event.event === 'client:error') && event.request === request);
  const [fromMs, toMs] = [begun.tMs, ended?.tMs ?? events.at(-1)?.tMs ?? begun.tMs];
  const attempts = findings.attempts.filter((attempt) => attempt.request === request);
  const outcome = ended?.event === 'client:error' ? ended.code : ended?.event === 'client:response' ? String(ended.status ?? 'answered') : 'no end in this run';

  const steps: LadderStep[] = [{ atMs: fromMs, from: 'caller', to: 'caller', text: `${begun.method} ${begun.url}`, isLost: false, tone: 'packet', index: asked }];
  for (const [index, event] of events.entries()) {
    if (event.tMs < fromMs || event.tMs > toMs) continue;
    const step = ownStep(event, index, run, request);
    if (step) steps.push(step);
  }
  for (const flow of flowsOf(events)) {
    const host = nameAt(hosts, flow.address);
    const opener = findings.attempts.find(({ localPort, address, startMs }) => localPort === flow.localPort && address === flow.address && Math.abs(startMs - (flow.packets[0]?.event.tMs ?? 0)) < 1_500)?.request;
    let used: number | undefined = opener;
    for (const packet of flow.packets) {
      const exchange = flow.exchanges.find((each) => each.asked === packet || each.answered === packet);
      if (exchange) used = exchange.request;
      const { tMs } = packet.event;
      if (tMs < fromMs || tMs > toMs || (used !== undefined && used !== request)) continue;
      const isFromClient = senderOf(packet) === 'client';
      const isBad = !packet.arrived || lookOf(packet.event) === 'reset' || packet.event.event.endsWith('retransmission');
      steps.push({ atMs: tMs, from: isFromClient ? 'client' : host, to: isFromClient ? host : 'client', text: packetText(packet.event), isLost: !packet.arrived, tone: isBad ? 'failed' : 'packet', index: packet.index });
    }
  }
  if (ended) steps.push({ atMs: toMs, from: 'caller', to: 'caller', text: outcome, isLost: false, tone: ended.event === 'client:error' ? 'failed' : 'ok', index: events.indexOf(ended) });
  steps.sort((one, other) => one.atMs - other.atMs || one.index - other.index);
  const seen = new Set(steps.flatMap(({ from, to }) => [from, to]));
  const servers = hosts.servers.map(({ name }) => name);
  const others = [...seen].filter((name) => !['caller', 'client', 'dns', ...servers].includes(name));
  const columns = ['caller', 'client', 'dns', ...servers, ...others].filter((name) => seen.has(name) || name === 'client').map((name) => ({ name, tone: name === 'dns' ? ('dns' as const) : name === 'caller' || name === 'client' ? ('ok' as const) : serverTone(servers.indexOf(name)) }));
  return {
    request, columns, fromMs, toMs,
    title: `Request #${request}, step by step: ${outcome}`,
    steps: steps.length > mostSteps ? [...steps.slice(0, mostSteps - 1), ...steps.slice(-1)] : steps,
    leftOut: Math.max(steps.length - mostSteps, 0),
    attempts: attempts.map((attempt) => ({ fromMs: attempt.startMs, toMs: Math.min(attempt.endMs ?? toMs, toMs), isConnected: attempt.outcome === 'connected' })),
  };
}

/** A step that is not a packet of a TCP connection. */
function ownStep(event: TimelineEvent, index: number, { events, hosts }: PicturedRun, request: number): LadderStep | null {
  const made = (from: string, to: string, text: string, tone: Tone = 'packet', isLost = false): LadderStep => ({ atMs: event.tMs, from, to, text, isLost, tone, index });
  if (event.event === 'wire:dns-query' || event.event === 'wire:dns-response') {
    const server = nameAt(hosts, event.address);
    if (event.event === 'wire:dns-response') return made(server, 'client', `${event.type} → ${event.rcode !== 'NOERROR' ? event.rcode : event.truncated ? 'truncated' : event.services?.join(' ') ?? (event.addresses.map(shortAddress).join(' ') || 'none')}`, event.rcode === 'NOERROR' ? 'packet' : 'failed');
    const isAnswered = events.some((other) => other.event === 'wire:dns-response' && other.id === event.id && other.type === event.type && other.tMs >= event.tMs);
    return made('client', server, `${event.type}? ${event.name}${event.transport === 'tcp' ? ' over TCP' : ''}`, isAnswered ? 'packet' : 'failed', !isAnswered && server !== 'dns');
  }
  if (event.event === 'wire:neighbour-solicitation') {
    const isAnswered = events.some((other) => other.event === 'wire:neighbour-answer' && other.address === event.address && other.tMs >= event.tMs && other.tMs < event.tMs + 900);
    return isAnswered ? null : made('client', nameAt(hosts, event.address), `who has ${shortAddress(event.address)}?`, 'failed', true);
  }
  if (!('request' in event) || event.request !== request) return null;
  if (event.event === 'client:connect-timeout') return made('client', 'client', `${shortAddress(event.address)} given up`, 'failed');
  if (event.event === 'client:connect-failed') return made('client', 'client', `${shortAddress(event.address)} ${event.error}`, 'failed');
  return null;
}

function packetText(event: TimelineEvent): string {
  switch (event.event) {
    case 'wire:syn': return 'SYN';
    case 'wire:syn-retransmission': return `SYN again (${event.count})`;
    case 'wire:syn-ack': return 'SYN-ACK';
    case 'wire:rst': return 'RST';
    case 'wire:fin': return 'FIN';
    case 'wire:request': return event.line.replace(/ HTTP\/(1\.\d|2)$/, '') || 'request';
    case 'wire:response': return event.line.replace(/^HTTP\/(1\.\d|2) /, '') || 'response';
    case 'wire:data-retransmission': return `the same ${event.bytes} bytes again`;
    case 'wire:quic-initial': return 'QUIC Initial';
    case 'wire:unreachable':
    case 'wire:icmp': return `ICMP ${event.reason}`;
    case 'wire:keep-alive-probe': return 'keep-alive probe';
    case 'wire:zero-window': return 'window 0';
    case 'wire:client-hello': return 'ClientHello';
    case 'wire:server-hello': return event.retry ? 'HelloRetryRequest' : `ServerHello${event.resumed ? ', resumes' : ''}`;
    case 'wire:tls-done': return `TLS done after ${event.ms.toFixed(1)} ms`;
    case 'wire:tls-alert': return `TLS alert ${event.alert}`;
    case 'wire:tls-truncated': return 'no close_notify';
    case 'wire:h2-settings': return event.ack ? 'SETTINGS acknowledged' : 'SETTINGS';
    case 'wire:h2-ping': return event.ack ? 'PING answered' : 'PING';
    case 'wire:h2-goaway': return `GOAWAY ${event.error}`;
    case 'wire:h2-rst-stream': return `RST_STREAM ${event.error}`;
    default: return event.event.slice('wire:'.length);
  }
}

/** What the packets alone say of a client: its attempts, its queries, its requests. Needs no word from the client. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { dnsPort, type Family, type Topology } from '../vocabulary/topology.ts';

/** One address tried once: (family, address, source port), from its first SYN (RFC 9293 section 3.5). SYNs after that are the kernel's. */
export interface WireAttempt {
  address: string;
  family: Family;
  /** Null where no SYN left: the address was asked for by ARP or ND, and nobody answered. */
  localPort: number | null;
  startMs: number;
  /** When it was answered; null where nothing came. */
  endMs: number | null;
  /** `aborted`: answered, and reset by the client's kernel, since nobody waited for it any more. */
  outcome: 'connected' | 'refused' | 'unreachable' | 'aborted' | 'silent';
  synCount: number;
  /** Each SYN of it. */
  synsMs: number[];
  /** How many requests its connection carried. */
  requests: number;
  /** Attempts of one dial have the same number: those that one wish for a connection led to. */
  dial: number;
}

/** A neighbour that is there answers within this time. */
const neighbourAnswerMs = 500;
/** One that is not is asked for again a second later, three times in all (arp(7), retrans_time, mcast_solicit). */
const neighbourRetryMs = 1_500;

/**
 * Every attempt, by the time of its first SYN.
 *
 * A dial ends when an attempt has connected, when a name was asked for since, or when an address is tried that it had tried to the
 * end before: what comes then is another one.
 */
export function attemptsOnWire(events: readonly TimelineEvent[], { hosts: { dns }, resolvConf }: Topology): WireAttempt[] {
  /** Who is asked for to be asked, not to be connected to. */
  const nameservers = [dns.ipv4, dns.ipv6, ...(resolvConf ?? []).map((line) => line.replace(/^nameserver /, ''))];
  const attempts: WireAttempt[] = [];
  const flows = new Map<string, WireAttempt>();
  const closed = new Set<WireAttempt>();
  const askedMs = new Map<string, number>();
  let dial = 0;
  let askedSince = true;

  const begin = (address: string, family: number, localPort: number | null, startMs: number): WireAttempt => {
    const mates = attempts.filter((attempt) => attempt.dial === dial);
    if (askedSince || mates.some((mate) => mate.outcome === 'connected' || (mate.address === address && mate.endMs !== null))) dial++;
    askedSince = false;
    const syns = localPort === null ? [] : [startMs];
    const attempt: WireAttempt = { address, family: family === 6 ? 6 : 4, localPort, startMs, endMs: null, outcome: 'silent', synCount: syns.length, synsMs: syns, requests: 0, dial };
    attempts.push(attempt);
    return attempt;
  };
  /** The kernel asks for a neighbour on behalf of a socket that exists already, or once more for one it has just asked for. */
  const isOldNews = ({ address, tMs }: { address: string; tMs: number }): boolean => {
    const again = tMs < (askedMs.get(address) ?? -Infinity) + neighbourRetryMs;
    askedMs.set(address, tMs);
    return again || [...flows.values()].some((attempt) => attempt.address === address && !closed.has(attempt));
  };

  for (const event of events) {
    if (event.event === 'wire:dns-query') askedSince = true;
    if (event.event === 'wire:neighbour-solicitation') {
      const { address, family, tMs } = event;
      if (!nameservers.includes(address) && !isOldNews(event) && !isNeighbourThere(events, address, tMs)) begin(address, family, null, tMs);
    }
    if (!('localPort' in event) || !('port' in event) || event.port === dnsPort || event.witness !== 'wire') continue;
    const key = `${event.address} ${event.port} ${event.localPort}`;
    if (event.event === 'wire:syn') {
      // A SYN that waited for a neighbour leaves when that answers, even if its attempt has been given up meanwhile.
      const waiting = attempts.find(({ address, localPort }) => address === event.address && localPort === null);
      if (waiting) Object.assign(waiting, { localPort: event.localPort, synCount: 1, synsMs: [event.tMs] });
      flows.set(key, waiting ?? begin(event.address, event.family, event.localPort, event.tMs));
    }
    const attempt = flows.get(key);
    if (!attempt) continue;
    if (event.event === 'wire:syn-retransmission') {
      attempt.synCount = event.count;
      attempt.synsMs.push(event.tMs);
    } else if (event.event === 'wire:request') attempt.requests = event.count;
    else if (attempt.endMs === null) endAttempt(attempt, event);
    else if (event.event === 'wire:rst' && event.sender === 'client' && attempt.requests === 0) attempt.outcome = 'aborted';
    if (event.event === 'wire:rst' || event.event === 'wire:fin') closed.add(attempt);
  }
  return attempts;
}

function endAttempt(attempt: WireAttempt, event: TimelineEvent): void {
  if (event.event === 'wire:syn-ack') attempt.outcome = 'connected';
  else if (event.event === 'wire:rst' && event.sender === 'server') attempt.outcome = 'refused';
  else if (event.event === 'wire:unreachable') attempt.outcome = 'unreachable';
  else return;
  attempt.endMs = event.tMs;
}

/** Where the answer comes, the SYN that waited for it is the attempt. */
function isNeighbourThere(events: readonly TimelineEvent[], address: string, askedMs: number): boolean {
  return events.some((event) => event.event === 'wire:neighbour-answer' && event.address === address && event.tMs >= askedMs && event.tMs < askedMs + neighbourAnswerMs);
}

/**
 * Whether attempts that nothing had answered went on when the next of their dial began: the kernel repeats the SYN of a socket that is
 * still connecting, and of no other. Null where no such attempt lived long enough to tell.
 */
export function keptAttempts(attempts: readonly WireAttempt[], endMs: number): boolean | null {
  const signs = attempts.flatMap((attempt) => {
    const mates = attempts.filter(({ dial }) => dial === attempt.dial);
    const next = mates.find(({ startMs }) => startMs > attempt.startMs);
    if (attempt.outcome === 'connected' || attempt.outcome === 'refused' || !next || attempt.synCount === 0) return [];
    if (attempt.outcome === 'aborted') return [false];
    if (attempt.synsMs.some((atMs) => atMs > next.startMs)) return [true];
    // Its next SYN would have come within twice the last interval; whoever has won by then closes the others.
    const last = attempt.synsMs.at(-1) ?? attempt.startMs;
    const intervalMs = Math.max(1_000, last - (attempt.synsMs.at(-2) ?? last));
    const overMs = Math.min(endMs, ...mates.flatMap((mate) => (mate.outcome === 'connected' && mate.endMs !== null ? [mate.endMs] : [])));
    return overMs > last + intervalMs * 2 + synToleranceMs ? [false] : [];
  });
  return signs.length === 0 ? null : signs.every(Boolean);
}

const synToleranceMs = 200;

/** The types asked for, in the order in which the first lookup sent them: `A AAAA`. */
export function queryOrder(events: readonly TimelineEvent[]): string | null {
  const queries = events.filter((event) => event.event === 'wire:dns-query');
  const types = queries.filter(({ name }) => name === queries[0]?.name).map(({ type }) => type);
  return types.length === 0 ? null : [...new Set(types)].join(' ');
}

/**
 * How often names were resolved. One lookup asks for each type once; the same question with the same id again is a retransmission,
 * and over TCP it is what a truncated answer asked for.
 */
export function resolutionsOnWire(events: readonly TimelineEvent[]): number {
  const seen = new Set<string>();
  const asked = new Map<string, number>();
  for (const event of events) {
    if ((event.event !== 'wire:dns-query' && event.event !== 'wire:dns-response') || event.transport === 'tcp') continue;
    const { name, type, id } = event;
    const question = `${id} ${name.toLowerCase()} ${type}`;
    if (event.event === 'wire:dns-response') {
      // Settled: of some hundred lookups two draw the same id sooner or later. After an error a resolver repeats itself.
      if (event.rcode === 'NOERROR' || event.rcode === 'NXDOMAIN') seen.delete(question);
      continue;
    }
    if (seen.has(question)) continue;
    seen.add(question);
    asked.set(`${name.toLowerCase()} ${type}`, (asked.get(`${name.toLowerCase()} ${type}`) ?? 0) + 1);
  }
  const names = new Map<string, number>();
  for (const [question, count] of asked) {
    const name = question.slice(0, question.indexOf(' '));
    names.set(name, Math.max(names.get(name) ?? 0, count));
  }
  return [...names.values()].reduce((sum, count) => sum + count, 0);
}

/**
 * How long the client went on waiting for AAAA once it had A: first IPv4 SYN minus first A answer (RFC 8305 section 3, resolution delay).
 * Null where the AAAA answer had come first, or before that SYN did.
 */
export function resolutionDelay(events: readonly TimelineEvent[], attempts: readonly WireAttempt[]): number | null {
  const a = events.find((event) => event.event === 'wire:dns-response' && event.type === 'A');
  const first = a && attempts.find(({ family, startMs }) => family === 4 && startMs >= a.tMs);
  if (!first) return null;
  const aaaaAsked = events.some((event) => event.event === 'wire:dns-query' && event.type === 'AAAA');
  const aaaaAnswered = events.some((event) => event.event === 'wire:dns-response' && event.type === 'AAAA' && event.tMs <= first.startMs);
  return aaaaAsked && !aaaaAnswered ? first.startMs - a.tMs : null;
}

/** From the client's first packet after the first fault to the first byte of a response after that. */
export function recoveryOnWire(events: readonly TimelineEvent[]): number | null {
  const fault = events.find(({ event }) => event === 'fault:apply');
  const asked = fault && events.find(({ event, tMs }) => tMs >= fault.tMs && (event === 'wire:dns-query' || event === 'wire:syn' || event === 'wire:neighbour-solicitation' || event === 'wire:request'));
  const answered = asked && events.find(({ event, tMs }) => event === 'wire:response' && tMs >= asked.tMs);
  return answered ? answered.tMs - asked.tMs : null;
}

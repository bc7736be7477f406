/** Reads the attempts, queries and requests of a client from the packets alone. The client needs no trace. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { webNameOf } from '../vocabulary/https-record.ts';
import { nameserversIn, searchListOf } from '../vocabulary/resolv-conf.ts';
import { dnsPort, isResolverOnClient, type Family, type Topology } from '../vocabulary/topology.ts';

/**
 * One attempt to connect to one address: family, address and source port. It begins with its first SYN (RFC 9293 section 3.5). Later SYNs
 * of the same attempt are retransmissions by the kernel.
 */
export interface WireAttempt {
  address: string;
  family: Family;
  /** Null if no SYN left: the client asked for the address by ARP or neighbour discovery, and no host answered. */
  localPort: number | null;
  startMs: number;
  /** When the attempt was answered. Null if it was not answered. */
  endMs: number | null;
  /** `aborted`: the attempt was answered, but the client's kernel reset it, because the client had given it up. */
  outcome: 'connected' | 'refused' | 'unreachable' | 'aborted' | 'silent';
  synCount: number;
  /** The times of all its SYNs, on the timeline. */
  synsMs: number[];
  /** How many requests its connection carried. */
  requests: number;
  /** The client closed its connection in order before any request, and before TLS began: a spare connection, or one that came too late. */
  isUnused: boolean;
  /** The number of its dial. A dial is the group of attempts that a client makes to get one connection. */
  dial: number;
}

/**
 * The kernel asks for a neighbour three times, a second apart, and then gives up: a connect fails with EHOSTUNREACH (arp(7), retrans_time and
 * mcast_solicit; RFC 4861 section 7.2.2). So a SYN that waits for its neighbour leaves within a second of one of these questions, or never.
 */
const neighbourRetryMs = 1_000;
const neighbourQuestions = 3;
/** On a busy machine the kernel's timers are late. */
const neighbourToleranceMs = 500;

/** An attempt whose SYN waits for the hardware address of its neighbour. */
interface Waiting {
  attempt: WireAttempt;
  /** When the neighbour was last asked for, and how many times it was. */
  askedMs: number;
  questions: number;
  answeredMs: number | null;
}

/**
 * Returns all attempts in the order of their first packets. An attempt begins with its first SYN, or, if a neighbour does not answer, with
 * the question for that neighbour.
 *
 * A new dial begins in three cases: an attempt of the last dial has connected; the client has sent a DNS query since the last attempt; or
 * the client tries an address again that it has tried in the last dial, and that attempt has ended.
 */
export function attemptsOnWire(events: readonly TimelineEvent[], { hosts: { dns }, resolvConf }: Topology): WireAttempt[] {
  return attemptsIn(events, [dns.ipv4, dns.ipv6, ...nameserversIn(resolvConf ?? [])]);
}

/** The same, without a lab. `nameservers`: the client asks for them by ARP to send them a query. That is not an attempt. */
export function attemptsIn(events: readonly TimelineEvent[], nameservers: readonly string[]): WireAttempt[] {
  const attempts: WireAttempt[] = [];
  const flows = new Map<string, WireAttempt>();
  const closed = new Set<WireAttempt>();
  /** The attempts whose connections began TLS: the client has used them, also if no request follows. */
  const used = new Set<WireAttempt>();
  const waiting = new Map<string, Waiting>();
  let dial = 0;
  let last = startDial();
  let askedSince = true;

  const begin = (address: string, family: number, localPort: number | null, startMs: number): WireAttempt => {
    const isGivenUp = (mate: WireAttempt): boolean => mate.address === address && mate.localPort === null && waiting.get(address)?.attempt !== mate;
    if (askedSince || last.connected.size > 0 || last.ended.has(address) || last.unsent.some(isGivenUp)) {
      dial++;
      last = startDial();
    }
    askedSince = false;
    const syns = localPort === null ? [] : [startMs];
    const attempt: WireAttempt = { address, family: family === 6 ? 6 : 4, localPort, startMs, endMs: null, outcome: 'silent', synCount: syns.length, synsMs: syns, requests: 0, isUnused: false, dial };
    attempts.push(attempt);
    if (localPort === null) last.unsent.push(attempt);
    return attempt;
  };
  /** Whether an attempt at the address is open: then the kernel only looks whether the neighbour is still there. */
  const isConnecting = (address: string): boolean => [...flows.values()].some((attempt) => attempt.address === address && !closed.has(attempt));

  for (const event of events) {
    if (event.event === 'wire:dns-query') askedSince = true;
    if (event.event === 'wire:neighbour-solicitation') {
      const { address, family, tMs } = event;
      const known = waiting.get(address);
      if (known && known.answeredMs === null && known.questions < neighbourQuestions && tMs <= known.askedMs + neighbourRetryMs + neighbourToleranceMs) Object.assign(known, { askedMs: tMs, questions: known.questions + 1 });
      else {
        // What waited before has been given up.
        waiting.delete(address);
        if (!nameservers.includes(address) && !isConnecting(address) && !isAnsweredSoon(events, address, tMs)) waiting.set(address, { attempt: begin(address, family, null, tMs), askedMs: tMs, questions: 1, answeredMs: null });
      }
    }
    if (event.event === 'wire:neighbour-answer') {
      const known = waiting.get(event.address);
      if (known && known.answeredMs === null && event.tMs <= known.askedMs + neighbourRetryMs + neighbourToleranceMs) known.answeredMs = event.tMs;
    }
    if (!('localPort' in event) || !('port' in event) || event.port === dnsPort || event.witness !== 'wire') continue;
    const key = `${event.address} ${event.port} ${event.localPort}`;
    if (event.event === 'wire:syn') {
      // A SYN that waited leaves with the answer of its neighbour, even if the client has given up the attempt in the meantime.
      const known = waiting.get(event.address);
      waiting.delete(event.address);
      if (known && known.answeredMs !== null) {
        Object.assign(known.attempt, { localPort: event.localPort, synCount: 1, synsMs: [event.tMs] });
        flows.set(key, known.attempt);
      } else flows.set(key, begin(event.address, event.family, event.localPort, event.tMs));
    }
    const attempt = flows.get(key);
    if (!attempt) continue;
    if (event.event === 'wire:syn-retransmission') {
      attempt.synCount = event.count;
      attempt.synsMs.push(event.tMs);
    } else if (event.event === 'wire:request') attempt.requests = event.count;
    else if (event.event === 'wire:client-hello') used.add(attempt);
    else if (attempt.endMs === null) {
      const isOfLastDial = attempt.dial === dial;
      if (endAttempt(attempt, event) && isOfLastDial) last.ended.add(attempt.address);
      if (attempt.outcome === 'connected' && isOfLastDial) last.connected.add(attempt);
    } else if ((event.event === 'wire:rst' || event.event === 'wire:fin') && event.sender === 'client' && attempt.requests === 0 && !used.has(attempt) && !closed.has(attempt)) {
      if (event.event === 'wire:rst') {
        attempt.outcome = 'aborted';
        last.connected.delete(attempt);
      } else attempt.isUnused = true;
    }
    if (event.event === 'wire:rst' || event.event === 'wire:fin') closed.add(attempt);
  }
  return attempts;
}

/** What the next attempt has to know of the last dial. It may have very many attempts, where a host looks for open ports. */
function startDial(): { connected: Set<WireAttempt>; ended: Set<string>; unsent: WireAttempt[] } {
  return { connected: new Set(), ended: new Set(), unsent: [] };
}

/** Returns whether the event ends the attempt. */
function endAttempt(attempt: WireAttempt, event: TimelineEvent): boolean {
  if (event.event === 'wire:syn-ack') attempt.outcome = 'connected';
  else if (event.event === 'wire:rst' && event.sender === 'server') attempt.outcome = 'refused';
  else if (event.event === 'wire:unreachable') attempt.outcome = 'unreachable';
  else return false;
  attempt.endMs = event.tMs;
  return true;
}

/** Whether the neighbour answers before the kernel asks again. Then the SYN that waited leaves at once, and that SYN is the attempt. */
function isAnsweredSoon(events: readonly TimelineEvent[], address: string, askedMs: number): boolean {
  const next = events.find((event) => event.tMs > askedMs && 'address' in event && event.address === address && (event.event === 'wire:neighbour-answer' || event.event === 'wire:neighbour-solicitation'));
  return next?.event === 'wire:neighbour-answer' && next.tMs < askedMs + neighbourRetryMs;
}

/**
 * Whether attempts without an answer went on when the next attempt of their dial began. The SYNs show it: the kernel repeats a SYN only
 * while its socket is still connecting. Null if no such attempt lived long enough to tell, or if the kernel may have ended it before.
 */
export function keptAttempts(attempts: readonly WireAttempt[], endMs: number): boolean | null {
  const connectedMs = new Map([...Map.groupBy(attempts, ({ dial }) => dial)].map(([dial, mates]) => [dial, mates.flatMap((mate) => (mate.outcome === 'connected' && mate.endMs !== null ? [mate.endMs] : []))]));
  const nexts = nextOfDial(attempts);
  const signs = attempts.flatMap((attempt) => {
    const next = nexts.get(attempt);
    if (attempt.outcome === 'connected' || attempt.outcome === 'refused' || !next || attempt.synCount === 0) return [];
    if (attempt.outcome === 'aborted') return [false];
    if (attempt.synsMs.some((atMs) => atMs > next.startMs)) return [true];
    // The next SYN would come within twice the last interval. If another attempt connects before that, the client closes this one anyway.
    const last = attempt.synsMs.at(-1) ?? attempt.startMs;
    const intervalMs = Math.max(1_000, last - (attempt.synsMs.at(-2) ?? last));
    // Twice the last interval after its last SYN, the kernel gives up (tcp(7), tcp_syn_retries). A client that goes on then has aborted nothing.
    if (next.startMs - last > intervalMs * 2 * (1 - timerSlack)) return [];
    const overMs = Math.min(endMs, ...(connectedMs.get(attempt.dial) ?? []));
    return overMs > last + intervalMs * 2 + synToleranceMs ? [false] : [];
  });
  return signs.length === 0 ? null : signs.every(Boolean);
}

const synToleranceMs = 200;
/** A timer of the kernel may be late by an eighth of its length (kernel/time/timer.c), so the last interval may have been too long by as much. */
const timerSlack = 1 / 8;

/** For each attempt the next one of its dial that began later. `attempts` are in the order of their starts. */
export function nextOfDial(attempts: readonly WireAttempt[]): Map<WireAttempt, WireAttempt> {
  const nexts = new Map<WireAttempt, WireAttempt>();
  const later = new Map<number, WireAttempt>();
  for (const attempt of attempts.toReversed()) {
    const mate = later.get(attempt.dial);
    const next = mate && (mate.startMs > attempt.startMs ? mate : nexts.get(mate));
    if (next) nexts.set(attempt, next);
    later.set(attempt.dial, attempt);
  }
  return nexts;
}

/** Returns the types of the first lookup's queries, in the order in which they left: `A AAAA`. */
export function queryOrder(events: readonly TimelineEvent[]): string | null {
  const queries = events.filter((event) => event.event === 'wire:dns-query');
  const types = queries.filter(({ name }) => webNameOf(name) === webNameOf(queries[0]?.name ?? '')).map(({ type }) => type);
  return types.length === 0 ? null : [...new Set(types)].join(' ');
}

/** For each answer of DNS with addresses: whether the first attempt after it went to its first address. See `answerOrder` of the findings. */
export function answerOrder(events: readonly TimelineEvent[], attempts: readonly { address: string; startMs: number; dial: number }[]): { dials: number; firstAddress: number } | null {
  const answers = events.filter((event) => event.event === 'wire:dns-response').filter(({ addresses }) => addresses.length > 0);
  const followed = new Set<TimelineEvent>();
  let firstAddress = 0;
  for (const [first] of Map.groupBy(attempts, ({ dial }) => dial).values()) {
    const answer = first && answers.findLast((each) => each.tMs <= first.startMs && each.addresses.includes(first.address));
    if (!answer || followed.has(answer)) continue;
    followed.add(answer);
    if (answer.addresses[0] === first.address) firstAddress++;
  }
  return followed.size === 0 ? null : { dials: followed.size, firstAddress };
}

/**
 * Returns how many lookups the client made. One lookup asks for each type once, and, with a search list, for the name with each suffix. The
 * same question with the same id is a retransmission. A query over TCP does not count, because it follows a truncated answer to a query over UDP.
 * Packets do not show what the client asks a resolver on its own host, so there the resolver's log counts, if it has a question.
 */
export function resolutionsOnWire(events: readonly TimelineEvent[], topology: Topology): number {
  const suffixes = searchListOf(topology.resolvConf ?? []);
  const questions = isResolverOnClient(topology) ? questionsInLog(events) : [];
  if (questions.length > 0) return lookupsOf([...Map.groupBy(questions, (question) => question)].map(([question, { length }]): [string, number] => [question, length]), suffixes);
  const seen = new Set<string>();
  const asked = new Map<string, number>();
  for (const event of events) {
    if ((event.event !== 'wire:dns-query' && event.event !== 'wire:dns-response') || event.transport === 'tcp') continue;
    // A query for the HTTPS record belongs to the lookup of the addresses (RFC 9460 section 3).
    if (event.type === 'HTTPS') continue;
    const { name, type, id } = event;
    const question = `${id} ${name.toLowerCase()} ${type}`;
    if (event.event === 'wire:dns-response') {
      // The question is settled, so the same id later means a new lookup: among some hundred lookups, two draw the same id sooner or later.
      // After an error or a lame answer, which is empty, the resolver repeats the question, and that is still the same lookup.
      if (event.rcode === 'NXDOMAIN' || (event.rcode === 'NOERROR' && (event.truncated || event.addresses.length > 0))) seen.delete(question);
      continue;
    }
    if (seen.has(question)) continue;
    seen.add(question);
    asked.set(`${name.toLowerCase()} ${type}`, (asked.get(`${name.toLowerCase()} ${type}`) ?? 0) + 1);
  }
  return lookupsOf(asked, suffixes);
}

/** The questions in the resolver's log, such as `web.lab.test A`. A question that comes again with its id, after an error, belongs to the same lookup; nscd's have no id. */
function questionsInLog(events: readonly TimelineEvent[]): string[] {
  const open = new Set<string>();
  return events.flatMap((event) => {
    if (event.event !== 'resolver:query' && event.event !== 'resolver:answer') return [];
    const question = `${event.name.toLowerCase()} ${event.type}`;
    const known = `${event.queryId ?? ''} ${question}`;
    if (event.event === 'resolver:answer') {
      if (event.rcode === 'NOERROR' || event.rcode === 'NXDOMAIN') open.delete(known);
      return [];
    }
    if (event.queryId !== undefined && open.has(known)) return [];
    open.add(known);
    return [question];
  });
}

/** How many lookups made so many of these questions: `web.lab.test A`, and how many times it was asked. */
function lookupsOf(asked: Iterable<[string, number]>, suffixes: readonly string[]): number {
  const names = new Map<string, number>();
  for (const [question, count] of asked) {
    const name = withoutSuffix(question.slice(0, question.indexOf(' ')), suffixes);
    names.set(name, Math.max(names.get(name) ?? 0, count));
  }
  return [...names.values()].reduce((sum, count) => sum + count, 0);
}

/** Returns the name that all names of one lookup have in common: without the suffixes of the search list. */
function withoutSuffix(name: string, suffixes: readonly string[]): string {
  const suffix = suffixes.find((each) => name.endsWith(`.${each}`));
  return suffix === undefined ? name : withoutSuffix(name.slice(0, -suffix.length - 1), suffixes);
}

/**
 * Returns how long the client waited for the AAAA answer after the A answer: the time in ms from the first A answer to the first IPv4 SYN
 * after it (RFC 8305 section 3, resolution delay). Null if the AAAA answer came before that SYN, or if there was no AAAA query. With a search
 * list, only the queries for the name that has an address count.
 */
export function resolutionDelay(events: readonly TimelineEvent[], attempts: readonly WireAttempt[]): number | null {
  const a = events.find((event) => event.event === 'wire:dns-response' && event.type === 'A' && event.addresses.length > 0);
  const first = a && attempts.find(({ family, startMs }) => family === 4 && startMs >= a.tMs);
  if (a?.event !== 'wire:dns-response' || !first) return null;
  const aaaaAsked = events.some((event) => event.event === 'wire:dns-query' && event.type === 'AAAA' && event.name === a.name);
  const aaaaAnswered = events.some((event) => event.event === 'wire:dns-response' && event.type === 'AAAA' && event.name === a.name && event.tMs <= first.startMs);
  return aaaaAsked && !aaaaAnswered ? first.startMs - a.tMs : null;
}

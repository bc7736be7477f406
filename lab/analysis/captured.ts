/** What a client did, from a capture alone: for each name that it asked for, and for each address without a name. Without a lab, there is no caller who would know of requests. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { webNameOf } from '../vocabulary/https-record.ts';
import { dnsPort } from '../vocabulary/topology.ts';
import { fallbackDelay, nextAddressDelay, type Attempt } from './attempts.ts';
import { statusIn } from './by-request.ts';
import { countBy } from './count-by.ts';
import { httpsFindings, type HttpsFindings } from './https.ts';
import { attemptsIn, answerOrder, keptAttempts, nextOfDial, resolutionDelay, type WireAttempt } from './wire-attempts.ts';

/** What the client did at the addresses of one name. Null means that there was nothing to measure. The fields mean what they mean in `Findings`. */
export interface CapturedFindings extends HttpsFindings {
  /** The name, as the client asked DNS for it, or an address that no DNS answer of the capture has. */
  name: string;
  addresses: string[];
  dnsQueries: Record<string, number>;
  /** How many of the attempts had each outcome. */
  outcomes: Partial<Record<WireAttempt['outcome'], number>>;
  attempts: Pick<WireAttempt, 'address' | 'family' | 'startMs' | 'endMs' | 'outcome' | 'synsMs' | 'requests' | 'dial'>[];
  fallbackDelayMs: number | null;
  nextAddressDelayMs: number | null;
  resolutionDelayMs: number | null;
  attemptsKept: boolean | null;
  answerOrder: { dials: number; firstAddress: number } | null;
  /** HTTP requests that left, and responses by status. */
  requests: number;
  statuses: Record<string, number>;
  /** Connections that carried more than one request count once for each further one. */
  reused: number;
  retransmissions: { syn: number; data: number };
  /** The longest time from a request to the first byte of its response. */
  longestWaitMs: number | null;
  /** Requests without a response until the capture ended. */
  unanswered: number;
}

/** One entry for each name, in the order in which the client first needed it. `events` are in order of time; only packets count. */
export function capturedFindings(events: readonly TimelineEvent[]): CapturedFindings[] {
  const endMs = events.at(-1)?.tMs ?? 0;
  const found = [...byName(events)].map(([name, group]) => findingsOfGroup(name, group, attemptsIn(group, []), endMs));
  // A connection that only ended in the capture leaves nothing to say.
  return found.filter(({ addresses, dnsQueries }) => addresses.length > 0 || Object.keys(dnsQueries).length > 0);
}

/** The same for all names together. Two runs, or a run and a capture, can be held against each other by it: both are measured from packets alone. */
export function wholeFindings(events: readonly TimelineEvent[]): CapturedFindings {
  const groups = byName(events);
  const own = new Set([...groups.values()].flat());
  return findingsOfGroup('', events.filter((event) => own.has(event)), attemptsOfGroups(groups), events.at(-1)?.tMs ?? 0);
}

/** The events about one of the names. */
export function eventsAbout(events: readonly TimelineEvent[], name: string): TimelineEvent[] {
  return byName(events).get(name.toLowerCase()) ?? [];
}

/**
 * The attempts of a capture as a picture draws them: `request` is 0, because a capture does not tell of requests. An attempt without an answer has no end
 * that a packet would show. Its `endMs` is that of the last SYN, or the time at which the next attempt of its dial began: so long, at least, there was no answer.
 */
export function capturedAttempts(events: readonly TimelineEvent[]): Attempt[] {
  const attempts = attemptsOfGroups(byName(events));
  const questions = events.filter((event) => event.event === 'wire:neighbour-solicitation');
  const nexts = nextOfDial(attempts);
  return attempts.map((attempt) => {
    const { address, family, localPort, startMs, endMs, outcome, synCount, synsMs, requests, dial } = attempt;
    const asked = localPort === null ? questions.filter((question) => question.address === address && question.tMs >= startMs && question.tMs < startMs + neighbourMs).map(({ tMs }) => tMs) : [];
    const silentUntilMs = Math.max(startMs, ...synsMs, ...asked, nexts.get(attempt)?.startMs ?? 0);
    return { request: 0, dial, address, family, startMs, endMs: endMs ?? silentUntilMs, outcome, synCount, synsMs: synsMs.map((ms) => Math.round((ms - startMs) * 1000) / 1000), localPort, requests };
  });
}

/** So long the kernel asks for the hardware address of a neighbour: three times, a second apart, and a timer may be late. */
const neighbourMs = 3_500;

/** A dial is one of its own name, so dials to several names at the same time are not mixed. */
function attemptsOfGroups(groups: ReadonlyMap<string, readonly TimelineEvent[]>): WireAttempt[] {
  let dials = 0;
  return [...groups.values()].flatMap((group) => {
    const before = dials;
    const attempts = attemptsIn(group, []);
    dials += Math.max(0, ...attempts.map(({ dial }) => dial));
    return attempts.map((attempt) => ({ ...attempt, dial: attempt.dial + before }));
  }).sort((one, other) => one.startMs - other.startMs);
}

/** The packets about each name, in the order in which the client first needed it. Those to a DNS server are about the name in them. */
function byName(events: readonly TimelineEvent[]): Map<string, TimelineEvent[]> {
  const packets = events.filter(({ witness }) => witness === 'wire');
  const names = namesByAddress(packets);
  const groups = new Map<string, TimelineEvent[]>();
  for (const event of packets) {
    const name = groupOf(event, names);
    if (name === null) continue;
    const group = groups.get(name);
    if (group) group.push(event);
    else groups.set(name, [event]);
  }
  return groups;
}

/** The name whose answer had the address. Of several names, the first one that had it counts. */
export function namesByAddress(events: readonly TimelineEvent[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const event of events) {
    if (event.event !== 'wire:dns-response') continue;
    for (const address of event.addresses) if (!names.has(address)) names.set(address, event.name.toLowerCase());
  }
  return names;
}

function groupOf(event: TimelineEvent, names: ReadonlyMap<string, string>): string | null {
  if (event.event === 'wire:dns-query' || event.event === 'wire:dns-response') return webNameOf(event.name.toLowerCase());
  if (!('address' in event) || ('port' in event && event.port === dnsPort)) return null;
  const name = names.get(event.address);
  // The client asks for the hardware address of its router, too, and for those of hosts that it talks to in other ways.
  if (name === undefined && event.event.startsWith('wire:neighbour-')) return null;
  return name ?? event.address;
}

function findingsOfGroup(name: string, events: readonly TimelineEvent[], attempts: readonly WireAttempt[], endMs: number): CapturedFindings {
  const ofType = <Name extends TimelineEvent['event']>(type: Name) => events.filter((event): event is Extract<TimelineEvent, { event: Name }> => event.event === type);
  const requests = ofType('wire:request');
  const responses = new Map(ofType('wire:response').map((event) => [`${event.address} ${event.port} ${event.localPort} ${event.count}`, event]));
  const waits = requests.map((event) => {
    const response = responses.get(`${event.address} ${event.port} ${event.localPort} ${event.count}`);
    return response && response.tMs >= event.tMs ? response.tMs - event.tMs : null;
  });
  const answered = waits.filter((wait) => wait !== null);
  return {
    name,
    addresses: [...new Set([...attempts, ...requests].map(({ address }) => address))],
    dnsQueries: countBy(ofType('wire:dns-query').map(({ type }) => type)),
    outcomes: countBy(attempts.map(({ outcome }) => outcome)),
    attempts: attempts.map(({ address, family, startMs, endMs: end, outcome, synsMs, requests: carried, dial }) => ({ address, family, startMs, endMs: end, outcome, synsMs, requests: carried, dial })),
    fallbackDelayMs: fallbackDelay(attempts),
    nextAddressDelayMs: nextAddressDelay(attempts),
    resolutionDelayMs: resolutionDelay(events, attempts),
    attemptsKept: keptAttempts(attempts, endMs),
    answerOrder: answerOrder(events, attempts),
    requests: requests.length,
    statuses: countBy(ofType('wire:response').map(({ line }) => String(statusIn(line) ?? 'unknown'))),
    reused: requests.filter(({ count }) => count > 1).length,
    retransmissions: { syn: ofType('wire:syn-retransmission').length, data: ofType('wire:data-retransmission').length },
    longestWaitMs: answered.length === 0 ? null : Math.round(answered.reduce((most, wait) => Math.max(most, wait), 0) * 1000) / 1000,
    unanswered: waits.length - answered.length,
    ...httpsFindings(events),
  };
}

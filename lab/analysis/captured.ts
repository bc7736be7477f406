/** What a client did, from a capture alone: for each name that it asked for, and for each address without a name. Without a lab, there is no caller who would know of requests. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { fallbackDelay, nextAddressDelay } from './attempts.ts';
import { statusIn } from './by-request.ts';
import { countBy } from './count-by.ts';
import { attemptsIn, answerOrder, keptAttempts, resolutionDelay, type WireAttempt } from './wire-attempts.ts';

/** What the client did at the addresses of one name. Null means that there was nothing to measure. The fields mean what they mean in `Findings`. */
export interface CapturedFindings {
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

/** One entry for each name, in the order in which the client first needed it. `events` are in order of time. */
export function capturedFindings(events: readonly TimelineEvent[]): CapturedFindings[] {
  const names = namesByAddress(events);
  const nameservers = new Set(events.flatMap((event) => (event.event === 'wire:dns-query' ? [event.address] : [])));
  const groups = Map.groupBy(events, (event) => groupOf(event, names, nameservers));
  groups.delete(null);
  const endMs = events.at(-1)?.tMs ?? 0;
  const found = [...groups].map(([name, group]) => findingsOfGroup(name ?? '', group, endMs));
  // A connection that only ended in the capture leaves nothing to say.
  return found.filter(({ addresses, dnsQueries }) => addresses.length > 0 || Object.keys(dnsQueries).length > 0);
}

/** The name whose answer had the address. Of several names, the first one that had it counts. */
function namesByAddress(events: readonly TimelineEvent[]): Map<string, string> {
  const names = new Map<string, string>();
  for (const event of events) {
    if (event.event !== 'wire:dns-response') continue;
    for (const address of event.addresses) if (!names.has(address)) names.set(address, event.name.toLowerCase());
  }
  return names;
}

function groupOf(event: TimelineEvent, names: ReadonlyMap<string, string>, nameservers: ReadonlySet<string>): string | null {
  if (event.event === 'wire:dns-query' || event.event === 'wire:dns-response') return event.name.toLowerCase();
  if (!('address' in event)) return null;
  const name = names.get(event.address);
  // The client asks for the hardware address of its router, too, and for those of hosts that it talks to in other ways.
  if (name === undefined && event.event.startsWith('wire:neighbour-')) return null;
  return name ?? (nameservers.has(event.address) ? null : event.address);
}

function findingsOfGroup(name: string, events: readonly TimelineEvent[], endMs: number): CapturedFindings {
  const ofType = <Name extends TimelineEvent['event']>(type: Name) => events.filter((event): event is Extract<TimelineEvent, { event: Name }> => event.event === type);
  const attempts = attemptsIn(events, []);
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
  };
}

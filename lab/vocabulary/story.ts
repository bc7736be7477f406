/** The story of a run: which events belong to it, and in which lines. What an event says: telling.ts. */
import { events, type EventName, type Payload, type TimelineEvent } from './events.ts';
import { closeNotify, isError, noError, phraseOf, type Phrase } from './telling.ts';
import type { Topology } from './topology.ts';

/** One line of the story. */
export type StoryLine =
  | { kind: 'event'; event: TimelineEvent; phrase: Phrase; isLate: boolean }
  /** Nothing happened for so long. */
  | { kind: 'pause'; ms: number }
  /** So many requests like the ones before were left out. */
  | { kind: 'left-out'; requests: number };

export interface Story {
  /** The lines that an event adds. Events come in order of time, or are late. */
  tell(event: TimelineEvent, isLate: boolean): StoryLine[];
  /** The lines at the end. */
  end(): StoryLine[];
}

/** A pause that a reader should notice. */
const pauseMs = 90;
/** Requests that are told in full after each fault, policy change or note. The others of a series are counted, if they are like these. */
const toldRequests = 3;
/** A neighbour that is there answers within a millisecond, on a busy machine within some ten. The kernel asks again after a second. */
const neighbourMs = 300;
/** Packets that no program knows of. */
const wireOnly = new Set<EventName>(['wire:neighbour-solicitation', 'wire:syn-retransmission', 'wire:data-retransmission', 'wire:out-of-order', 'wire:keep-alive-probe', 'wire:zero-window', 'wire:quic-initial', 'wire:unreachable', 'wire:icmp']);

/** Whether the story has an event only with `-v`. Orderly ends are details. A client that ends TLS without close_notify harms nobody, and many do it. */
function isDetail(event: TimelineEvent): boolean {
  if (event.event === 'wire:tls-alert') return event.alert === closeNotify;
  if (event.event === 'wire:h2-goaway' && event.sender === 'client') return event.error === noError;
  return 'detail' in events[event.event] || (event.event === 'wire:tls-truncated' && event.sender === 'client');
}

interface Arrived {
  event: TimelineEvent;
  isLate: boolean;
}

type Told = Extract<StoryLine, { kind: 'event' }> & { sinceMs: number };

/** `verbose` tells every event: the set-up, the observer's traffic, details, each request of a series. */
export function startStory({ hosts: { observer } }: Topology, verbose: boolean): Story {
  let lastMs: number | undefined;
  /** A client that traces itself tells of its connects. The packets that say the same are left out then. */
  let isTraced = false;
  /** The lab's own looking does not belong to the client's story. */
  const isObservers = (event: TimelineEvent): boolean => 'from' in event && (event.from === observer.ipv4 || event.from === observer.ipv6);
  const isLeftOut = (event: TimelineEvent): boolean => event.tMs < 0 || isObservers(event) || (!wireOnly.has(event.event) && (isDetail(event) || (isTraced && event.witness === 'wire')));
  const neighbours = verbose ? passOn : startNeighbours();
  const series = startSeries();

  const lineOf = ({ event, isLate }: Arrived): Told => {
    const sinceMs = event.tMs - (lastMs ?? event.tMs);
    lastMs = Math.max(event.tMs, lastMs ?? event.tMs);
    const phrase = phraseOf(event.event, event as Payload<EventName>);
    const isUnanswered = !verbose && event.event === 'wire:neighbour-solicitation';
    return { kind: 'event', event, phrase: isUnanswered ? [{ role: 'error', phrase: [...phrase, ': nobody answers'] }] : phrase, isLate, sinceMs };
  };
  const tellOne = (arrived: Arrived): StoryLine[] => {
    const { event } = arrived;
    isTraced ||= event.event === 'client:dns-start' || event.event === 'client:connect-start';
    if (!verbose && isLeftOut(event)) return [];
    const line = lineOf(arrived);
    return verbose ? withPauses([line]) : series.tell(line);
  };
  return {
    tell: (event, isLate) => neighbours.pass({ event, isLate }).flatMap(tellOne),
    end: () => [...neighbours.end().flatMap(tellOne), ...series.end()],
  };
}

function withPauses(lines: readonly (Told | StoryLine)[]): StoryLine[] {
  return lines.flatMap((line): StoryLine[] => {
    if (!('sinceMs' in line)) return [line];
    const { sinceMs, ...told } = line;
    return sinceMs >= pauseMs ? [{ kind: 'pause', ms: sinceMs }, told] : [told];
  });
}

const passOn = { pass: (arrived: Arrived): Arrived[] => [arrived], end: (): Arrived[] => [] };

/**
 * An attempt at a host that has vanished sends no packet but the question for its hardware address. That question belongs to the story only if
 * nobody answers it, so it waits for its answer, and later events wait behind it.
 */
function startNeighbours(): typeof passOn {
  let waiting: Arrived[] = [];
  return {
    pass: (arrived) => {
      const { event } = arrived;
      if (event.event === 'wire:neighbour-answer') waiting = waiting.filter(({ event: asked }) => !(asked.event === 'wire:neighbour-solicitation' && asked.address === event.address && asked.tMs <= event.tMs));
      else waiting.push(arrived);
      const held = waiting.findIndex((each) => each.event.event === 'wire:neighbour-solicitation' && event.tMs <= each.event.tMs + neighbourMs);
      return waiting.splice(0, held < 0 ? waiting.length : held);
    },
    end: () => waiting.splice(0),
  };
}

/**
 * Leaves out the requests of a long series that are like the first ones. A request that brings an error to its caller is told, and so is one
 * that meets a failure which the requests that were told have not met.
 */
function startSeries(): { tell(line: Told): StoryLine[]; end(): StoryLine[] } {
  let requests = 0;
  /** The failures that the reader of this series has seen. */
  let known = new Set<string>();
  let leftOut = 0;
  /** The lines of the requests that are under way and may be left out. */
  let held: Told[] = [];
  const underWay = new Set<number>();
  /** A request that is under way is not like the first ones, so its lines are told until it ends. */
  let isTelling = false;

  const countLeftOut = (): StoryLine[] => {
    const count = leftOut;
    leftOut = 0;
    return count > 0 ? [{ kind: 'left-out', requests: count }] : [];
  };
  const tellNow = (lines: readonly Told[]): StoryLine[] => {
    for (const { event, phrase } of lines) for (const failure of failureOf(event, phrase)) known.add(failure);
    return withPauses(lines);
  };
  const forget = (): void => {
    leftOut += held.filter(({ event }) => event.event === 'client:request').length;
    held = [];
  };

  return {
    tell: (line) => {
      const { event, phrase } = line;
      if (event.witness === 'fault' || event.event === 'dns:policy' || event.witness === 'lab') {
        forget();
        requests = 0;
        known = new Set();
        isTelling = false;
        return [...countLeftOut(), ...tellNow([line])];
      }
      if (event.event === 'client:request') {
        requests++;
        underWay.add(event.request);
      }
      const isEnd = event.event === 'client:response' || event.event === 'client:error';
      if (isEnd) underWay.delete(event.request);
      const isUnlike = event.event === 'client:error' || failureOf(event, phrase).some((failure) => !known.has(failure));
      if (requests <= toldRequests || isTelling || isUnlike) {
        const lines = [...countLeftOut(), ...tellNow([...held, line])];
        held = [];
        isTelling = requests > toldRequests && underWay.size > 0;
        return lines;
      }
      if (isEnd) {
        leftOut += held.filter(({ event: begun }) => begun.event === 'client:request' && begun.request === event.request).length;
        held = held.filter(({ event: other }) => !('request' in other && other.request === event.request));
      }
      // What comes after the end of a request that was left out is left out, too.
      if (underWay.size === 0) held = [];
      else if (!isEnd) held.push(line);
      return [];
    },
    end: () => {
      forget();
      return countLeftOut();
    },
  };
}

/** The kind of failure that an event tells of, if it tells of one. A response with an error status is one, although the client got it. */
function failureOf(event: TimelineEvent, phrase: Phrase): string[] {
  if (event.event === 'client:response') return (event.status ?? 0) >= 400 ? [`status ${event.status ?? ''}`] : [];
  return isError(phrase) ? [event.event] : [];
}

/**
 * The story of a run: which events belong to it, and what each of them says. A phrase is text whose parts have roles. What a role looks
 * like is decided elsewhere: terminal.ts paints it for a terminal.
 */
import { events, type EventName, type Payload, type TimelineEvent } from './events.ts';
import type { Topology } from './topology.ts';

/** `address`: a server's address. `request`: the number of a request. `strong`: a turning point of the story. */
export type Role = 'address' | 'request' | 'error' | 'strong' | 'fault' | 'heal' | 'note';
export type Span = string | { role: Role; phrase: Phrase };
export type Phrase = readonly Span[];

const as = (role: Role) => (...spans: (Span | Phrase)[]): Phrase => [{ role, phrase: spans.flat() }];
const [error, strong, fault, heal, note] = [as('error'), as('strong'), as('fault'), as('heal'), as('note')];
const address = (text: string): Phrase => as('address')(printable(text));
const request = (number: number): Phrase => as('request')(`#${number}`);
const list = (addresses: readonly string[]): Phrase => (addresses.length === 0 ? ['no address'] : addresses.flatMap((each, index) => [...(index > 0 ? [' '] : []), ...address(each)]));

/** A sentence of text and phrases: ``say`connect ${address(…)}` ``. */
function say(texts: TemplateStringsArray, ...parts: (string | number | Phrase)[]): Phrase {
  return texts.flatMap((text, index) => {
    const part = parts[index] ?? '';
    return [text, ...(typeof part === 'object' ? part : [String(part)])].filter((span) => span !== '');
  });
}

type Phrases = { [Name in EventName]: (payload: Payload<Name>) => Phrase };

const phrases: Phrases = {
  'lab:process-trouble': ({ process, reason }) => error(printable(`${process} ${reason}`)),
  'lab:command': ({ command }) => [`$ ${printable(command)}`],
  'lab:note': ({ text }) => note(text),

  'fault:apply': ({ fault: name, options }) => fault(options ? `${name} ${options}` : name),
  'fault:verified': ({ fault: name, observed }) => [`${name}: seen (${observed})`],
  'fault:unverified': ({ fault: name, observed }) => error(`${name}: NOT seen (${observed})`),
  'fault:heal': ({ fault: name }) => heal(`heal ${name}`),
  'fault:healed': ({ fault: name, observed }) => [`${name}: healed (${observed})`],
  'fault:unhealed': ({ fault: name, observed }) => error(`${name}: NOT healed (${observed})`),

  'client:request': (event) => strong(say`${event.method} ${event.url} ${request(event.request)}`),
  'client:dns-start': (event) =>
    say`lookup ${printable(event.name)}${event.family === 0 ? '' : `, IPv${event.family} only`}${event.resolver === 'lookup' ? '' : `, by ${printable(event.resolver)}`} ${request(event.request)}`,
  'client:dns-done': (event) => say`lookup ${event.error === undefined ? say`→ ${list(event.addresses)}` : error(printable(event.error))}${event.coalesced ? ' (coalesced)' : ''} ${request(event.request)}`,
  'client:connect-start': (event) => say`connect ${address(event.address)} ${request(event.request)}`,
  'client:connect-done': (event) => say`connected ${address(event.address)} ${request(event.request)}`,
  'client:connect-failed': (event) => say`${error(printable(event.error))} ${address(event.address)} ${request(event.request)}`,
  'client:connect-timeout': (event) => say`${error('given up')} ${address(event.address)} ${request(event.request)}`,
  'client:connection': (event) => say`${event.reused ? 'reuses' : 'uses new'} connection to ${address(event.address)} ${request(event.request)}`,
  'client:request-sent': (event) => say`request sent ${request(event.request)}`,
  'client:response-start': (event) => say`${event.status} headers ${request(event.request)}`,
  'client:response': (event) => strong(say`${event.status ?? 'answered:'} ${body(event.body)} ${request(event.request)}`),
  'client:error': (event) => strong(error(say`error reaches the caller: ${printable(event.code)} ${request(event.request)}`)),
  // undici reports its own orderly end of a connection as UND_ERR_INFO.
  'client:connection-closed': (event) => say`connection to ${address(event.address)} closed${event.error && event.error !== 'UND_ERR_INFO' ? ` (${printable(event.error)})` : ''}`,

  'dns:query': ({ type, name, transport }) => [`${type}? ${printable(name)}${transport === 'tcp' ? ' over TCP' : ''}`],
  'dns:answer': ({ type, rcode, truncated, addresses }) => say`${type} → ${answer(rcode, truncated, addresses)}`,
  'dns:dropped': ({ type }) => error(`${type} dropped`),
  'dns:malformed': ({ reason, count }) => error(`malformed packet ${count}: ${printable(reason)}`),
  'dns:policy': ({ change }) => strong(change),

  'load:served': ({ connection, kind, process }) => [`${kind} connection ${connection} is served by process ${printable(process)}`],
  'load:told': ({ connection, kind, responses }) => [`${kind} connection ${connection} is told to close, with response ${responses}`],
  'load:redialled': (event) => say`connection ${event.connection} is dialled again: ${address(event.address)}${event.refused > 0 ? `, after ${event.refused} refused` : ''}`,
  'load:closed': ({ connection, kind, ending, responses }) => [`${kind} connection ${connection} ends (${ending.toUpperCase()}) after ${responses} responses`],

  'wire:dns-query': ({ type, name, transport, localPort }) => [`${type}? ${printable(name)} from port ${localPort}${transport === 'tcp' ? ' over TCP' : ''}`],
  'wire:dns-response': ({ type, rcode, truncated, addresses }) => say`${type} → ${answer(rcode, truncated, addresses)}`,
  'wire:neighbour-solicitation': (event) => say`who has ${address(event.address)}? (${event.family === 4 ? 'ARP' : 'ND'})`,
  'wire:neighbour-answer': (event) => say`${address(event.address)} is here`,
  'wire:syn': (event) => say`SYN ${arrow('client', event)}`,
  'wire:syn-retransmission': (event) => error(say`SYN ${event.count} ${arrow('client', event)}`),
  'wire:syn-ack': (event) => say`SYN-ACK ${arrow('server', event)}`,
  'wire:rst': (event) => error(say`RST ${arrow(event.sender, event)}`),
  'wire:fin': (event) => say`FIN ${arrow(event.sender, event)}`,
  'wire:unreachable': (event) => error(say`ICMP ${event.reason}: ${address(event.address)} (from ${event.sender})`),
  'wire:request': (event) => say`${printable(event.line) || 'request'} ${arrow('client', event)}`,
  'wire:response': (event) => say`${printable(event.line) || 'response'} ${arrow('server', event)}`,
  'wire:data-retransmission': (event) => error(say`${event.bytes} bytes again ${arrow(event.sender, event)}`),
  'wire:out-of-order': (event) => error(say`${event.bytes} bytes out of order ${arrow(event.sender, event)}`),
  'wire:keep-alive-probe': (event) => say`keep-alive probe ${arrow(event.sender, event)}`,
  'wire:zero-window': (event) => error(say`window 0 ${arrow(event.sender, event)}`),
  'wire:malformed': ({ reason, count }) => error(`frame ${count} that cannot be decoded: ${reason}`),

  'backend:accept': (event) => say`accept at ${address(event.address)} from ${event.from}:${event.fromPort}`,
  'backend:request': (event) => say`${event.method} ${printable(event.path)} at ${address(event.address)}`,
  'backend:response': (event) => say`${event.status} from ${address(event.address)}`,
  'backend:broke-off': (event) => error(say`breaks off with ${event.ending.toUpperCase()} at ${address(event.address)}`),
  'backend:close': (event) => say`connection from ${event.from} to ${address(event.address)} closed`,
  'backend:stopping': ({ connections }) => [`SIGTERM: stops accepting, closes idle connections (${connections} open)`],
  'backend:hand-over': ({ connections, drainMs, shutdownMs }) => [`hands over: drains ${connections} connections for ${drainMs} ms, ends after ${shutdownMs} ms`],
  'backend:behaviour': ({ change }) => strong(`behaviour ${change}`),
};

function answer(rcode: string, truncated: boolean, addresses: readonly string[]): Phrase {
  return rcode !== 'NOERROR' ? error(rcode) : truncated ? ['truncated'] : addresses.length === 0 ? ['no such record'] : list(addresses);
}

function arrow(sender: string, event: { address: string; localPort: number }): Phrase {
  return sender === 'client' ? say`${event.localPort} → ${address(event.address)}` : say`${address(event.address)} → ${event.localPort}`;
}

/** `Hello, World from 198.51.100.11`: the last word of a backend's body is its address. */
function body(text: string): Phrase {
  const last = /\S+$/.exec(text)?.[0] ?? '';
  return say`${printable(text.slice(0, text.length - last.length))}${address(last)}`;
}

/** Names and errors come from the network. Control characters are written out, so that no terminal obeys them. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** What an event says. */
export function phraseOf<Name extends EventName>(event: Name, payload: Payload<Name>): Phrase {
  return phrases[event](payload);
}

/** A phrase without its roles. */
export function plainText(phrase: Phrase): string {
  return phrase.map((span) => (typeof span === 'string' ? span : plainText(span.phrase))).join('');
}

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
/** Requests that are told in full after each fault, policy change or note. The others of a series are counted. */
const toldRequests = 3;
/** Packets that no program knows of. */
const wireOnly = new Set<EventName>(['wire:syn-retransmission', 'wire:data-retransmission', 'wire:out-of-order', 'wire:keep-alive-probe', 'wire:zero-window', 'wire:unreachable']);

/** `verbose` tells every event: the set-up, the observer's traffic, details, each request of a series. */
export function startStory({ hosts: { observer } }: Topology, verbose: boolean): Story {
  let lastMs: number | undefined;
  /** A client that traces itself tells of its connects. The packets that say the same are left out then. */
  let isTraced = false;
  let requestsTold = 0;
  let requestsLeftOut = 0;

  const leftOut = (): StoryLine[] => {
    const requests = requestsLeftOut;
    requestsLeftOut = 0;
    return requests > 0 ? [{ kind: 'left-out', requests }] : [];
  };
  /** The lab's own looking does not belong to the client's story. */
  const isObservers = (event: TimelineEvent): boolean => 'from' in event && (event.from === observer.ipv4 || event.from === observer.ipv6);
  const isTold = (event: TimelineEvent): boolean =>
    verbose || (event.tMs >= 0 && !('detail' in events[event.event]) && !isObservers(event) && !(isTraced && event.witness === 'wire' && !wireOnly.has(event.event)));

  return {
    tell: (event, isLate) => {
      isTraced ||= event.event === 'client:dns-start' || event.event === 'client:connect-start';
      if (!isTold(event)) return [];
      const lines: StoryLine[] = [];
      if (event.witness === 'fault' || event.event === 'dns:policy' || event.witness === 'lab') {
        requestsTold = 0;
        lines.push(...leftOut());
      }
      if (event.event === 'client:request') requestsTold++;
      const sinceMs = event.tMs - (lastMs ?? event.tMs);
      lastMs = Math.max(event.tMs, lastMs ?? event.tMs);
      if (!verbose && requestsTold > toldRequests) {
        if (event.event === 'client:request') requestsLeftOut++;
        return lines;
      }
      if (sinceMs >= pauseMs) lines.push({ kind: 'pause', ms: sinceMs });
      return [...lines, { kind: 'event', event, phrase: phraseOf(event.event, event as Payload<EventName>), isLate }];
    },
    end: leftOut,
  };
}

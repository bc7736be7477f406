/**
 * What each event says. A phrase is text whose parts have roles. What a role looks like is decided elsewhere: terminal.ts paints it for a
 * terminal, lab/picture/terminal.ts for a picture. Which events belong to the story of a run: story.ts.
 */
import type { EventName, Payload, Witness } from './events.ts';
import { lastStreamText } from './http2-frame.ts';
import { printable } from './printable.ts';

/**
 * `address`: a server's address. `request`: the number of a request. `strong`: a turning point of the story. Around the story stand what is `dim`, the verdicts
 * `good`, `bad` and `doubtful`, and the mark of a witness in its lane.
 */
export type Role = 'address' | 'request' | 'error' | 'strong' | 'fault' | 'heal' | 'note' | 'dim' | 'good' | 'bad' | 'doubtful' | `mark-${Witness}`;
export type Span = string | { role: Role; phrase: Phrase };
export type Phrase = readonly Span[];

/** Gives a role to a part of a phrase. */
export const as = (role: Role) => (...spans: (Span | Phrase)[]): Phrase => [{ role, phrase: spans.flat() }];
const [error, strong, fault, heal, note] = [as('error'), as('strong'), as('fault'), as('heal'), as('note')];
const address = (text: string): Phrase => as('address')(text);
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
  'lab:process-trouble': ({ process, reason }) => error(process, ' ', reason),
  'lab:command': ({ command }) => [`$ ${withoutIndent(command).replaceAll('\n', '\n  ')}`],
  'lab:note': ({ text }) => note(text),

  'fault:apply': ({ fault: name, options }) => fault(options ? `${name} ${options}` : name),
  'fault:verified': ({ fault: name, observed }) => [`${name}: seen (${observed})`],
  'fault:unverified': ({ fault: name, observed }) => error(`${name}: NOT seen (${observed})`),
  'fault:heal': ({ fault: name }) => heal(`heal ${name}`),
  'fault:healed': ({ fault: name, observed }) => [`${name}: healed (${observed})`],
  'fault:unhealed': ({ fault: name, observed }) => error(`${name}: NOT healed (${observed})`),

  'client:not-ready': ({ waitedMs }) => note(`did not write {"ready":true} within ${waitedMs} ms: its start may be a part of the next request`),
  'client:request': (event) => strong(say`${event.method} ${event.url} ${request(event.request)}`),
  'client:dns-start': (event) =>
    say`lookup ${event.name}${event.family === 0 ? '' : `, IPv${event.family} only`}${event.resolver === 'lookup' ? '' : `, by ${event.resolver}`} ${request(event.request)}`,
  'client:dns-done': (event) => say`lookup ${event.error === undefined ? say`→ ${list(event.addresses)}` : error(event.error)}${event.coalesced ? ' (coalesced)' : ''} ${request(event.request)}`,
  'client:connect-start': (event) => say`connect ${address(event.address)} ${request(event.request)}`,
  'client:connect-done': (event) => say`connected ${address(event.address)} ${request(event.request)}`,
  'client:connect-failed': (event) => say`${error(event.error)} ${address(event.address)} ${request(event.request)}`,
  'client:connect-timeout': (event) => say`${error('given up')} ${address(event.address)} ${request(event.request)}`,
  'client:tls-start': (event) => say`TLS handshake ${address(event.address)} ${request(event.request)}`,
  'client:tls-done': (event) => say`${event.version}${event.alpn === '' ? '' : ` ${event.alpn}`}${event.resumed ? ', resumed' : ''} ${address(event.address)} ${request(event.request)}`,
  'client:tls-failed': (event) => say`${error(event.error)} in the handshake ${address(event.address)} ${request(event.request)}`,
  'client:tls-session': (event) => say`session ticket from ${address(event.address)}`,
  'client:h2-session': (event) => say`HTTP/2 session with ${address(event.address)}`,
  'client:h2-goaway': (event) => error(say`GOAWAY ${event.error}, last stream ${lastStreamText(event.lastStream)}: ${address(event.address)}`),
  'client:h2-reset': (event) => say`${error(`stream reset: ${event.error}`)} ${request(event.request)}`,
  'client:connection': (event) => say`${event.reused ? 'reuses' : 'uses new'} connection to ${address(event.address)} ${request(event.request)}`,
  'client:request-sent': (event) => say`request sent ${request(event.request)}`,
  'client:response-start': (event) => say`${event.status} headers ${request(event.request)}`,
  'client:response': (event) => strong(say`${event.status ?? 'answered:'} ${body(event.body)} ${request(event.request)}`),
  'client:error': (event) => strong(error(say`error reaches the caller: ${event.code} ${request(event.request)}`)),
  // undici reports its own orderly end of a connection as UND_ERR_INFO.
  'client:connection-closed': (event) => say`connection to ${address(event.address)} closed${event.error && event.error !== 'UND_ERR_INFO' ? ` (${event.error})` : ''}`,

  'resolver:query': ({ type, name }) => [`${type}? ${name}`],
  'resolver:answer': (event) => say`${event.type} → ${event.rcode === undefined && event.addresses === undefined ? 'answered' : answer(event.rcode ?? 'NOERROR', false, event.addresses)}, ${sourceText(event.source)}${event.ttlS === undefined ? '' : `, TTL ${event.ttlS} s`}`,

  'dns:query': ({ type, name, transport }) => [`${type}? ${name}${transport === 'tcp' ? ' over TCP' : ''}`],
  'dns:answer': ({ type, rcode, truncated, addresses, services }) => say`${type} → ${services?.join(', ') ?? answer(rcode, truncated, addresses)}`,
  'dns:dropped': ({ type }) => error(`${type} dropped`),
  'dns:malformed': ({ reason, count }) => error(`malformed packet ${count}: ${reason}`),
  'dns:policy': ({ change }) => strong(change),

  'load:served': ({ connection, kind, process }) => [`${kind} connection ${connection} is served by process ${process}`],
  'load:told': ({ connection, kind, responses }) => [`${kind} connection ${connection} is told to close, with response ${responses}`],
  'load:lost': ({ connection, kind, error: lost }) => error(`${kind} connection ${connection} gets no answer: ${lost}`),
  'load:redialled': (event) => say`connection ${event.connection} is dialled again: ${address(event.address)}${event.refused > 0 ? `, after ${event.refused} refused` : ''}`,
  'load:closed': ({ connection, kind, ending, responses }) => [`${kind} connection ${connection} ends (${ending.toUpperCase()}) after ${responses} responses`],

  'wire:dns-query': ({ type, name, transport, localPort }) => [`${type}? ${name} from port ${localPort}${transport === 'tcp' ? ' over TCP' : ''}`],
  'wire:dns-response': ({ type, rcode, truncated, addresses, services }) => say`${type} → ${services?.join(', ') ?? answer(rcode, truncated, addresses)}`,
  'wire:neighbour-solicitation': (event) => say`who has ${address(event.address)}? (${event.family === 4 ? 'ARP' : 'ND'})`,
  'wire:neighbour-answer': (event) => say`${address(event.address)} is here`,
  'wire:syn': (event) => say`SYN ${arrow('client', event)}`,
  'wire:syn-retransmission': (event) => error(say`SYN ${event.count} ${arrow('client', event)}`),
  'wire:syn-ack': (event) => say`SYN-ACK ${arrow('server', event)}`,
  'wire:rst': (event) => error(say`RST ${arrow(event.sender, event)}`),
  'wire:fin': (event) => say`FIN ${arrow(event.sender, event)}`,
  'wire:quic-initial': (event) => say`QUIC Initial ${arrow('client', event)}`,
  'wire:unreachable': (event) => error(say`ICMP ${event.reason}: ${address(event.address)} (from ${event.sender})`),
  'wire:icmp': (event) => error(say`ICMP ${event.reason}: ${event.localPort} → ${address(event.address)} (from ${event.sender})`),
  'wire:request': (event) => say`${event.line || 'request'} ${arrow('client', event)}`,
  'wire:response': (event) => say`${event.line || 'response'} ${arrow('server', event)}`,
  'wire:client-hello': (event) => say`ClientHello${event.serverName === undefined ? '' : ` ${event.serverName}`}${event.alpn.length > 0 ? ` (${event.alpn.join(', ')})` : ''}${event.resumes ? ', offers to resume' : ''} ${arrow('client', event)}`,
  'wire:server-hello': (event) => say`${event.retry ? 'HelloRetryRequest' : 'ServerHello'} ${event.version} ${event.cipher}${event.resumed ? ', resumes' : ''} ${arrow('server', event)}`,
  'wire:tls-done': (event) => say`${event.version} after ${event.ms.toFixed(1)} ms${event.alpn === undefined ? '' : `, ${event.alpn}`}${event.resumed ? ', resumed' : ''} ${arrow('client', event)}`,
  'wire:tls-alert': (event) => failed(event.alert !== closeNotify, say`TLS alert ${event.alert} ${arrow(event.sender, event)}`),
  'wire:tls-truncated': (event) => error(say`no close_notify before FIN ${arrow(event.sender, event)}`),
  'wire:h2-settings': (event) => say`SETTINGS${event.ack ? ' acknowledged' : event.settings.length > 0 ? ` ${event.settings.join(', ')}` : ''} ${arrow(event.sender, event)}`,
  'wire:h2-ping': (event) => say`PING${event.ack ? ' answered' : ''} ${arrow(event.sender, event)}`,
  'wire:h2-goaway': (event) => failed(event.error !== noError, say`GOAWAY ${event.error}, last stream ${lastStreamText(event.lastStream)} ${arrow(event.sender, event)}`),
  'wire:h2-rst-stream': (event) => failed(event.error !== noError, say`RST_STREAM ${event.error}, stream ${event.stream} ${arrow(event.sender, event)}`),
  'wire:data-retransmission': (event) => error(say`${event.bytes} bytes again ${arrow(event.sender, event)}`),
  'wire:out-of-order': (event) => error(say`${event.bytes} bytes out of order ${arrow(event.sender, event)}`),
  'wire:keep-alive-probe': (event) => say`keep-alive probe ${arrow(event.sender, event)}`,
  'wire:zero-window': (event) => error(say`window 0, takes no more data ${arrow(event.sender, event)}`),
  'wire:malformed': ({ reason, count }) => error(`frame ${count} that cannot be decoded: ${reason}`),

  'backend:accept': (event) => say`accept at ${address(event.address)} from ${event.from}:${event.fromPort}`,
  'backend:tls': (event) => say`${event.version}${event.alpn === '' ? '' : ` ${event.alpn}`}${event.resumed ? ', resumed' : ''} at ${address(event.address)}`,
  'backend:tls-failed': (event) => error(say`handshake failed: ${event.error} at ${address(event.address)}`),
  'backend:request': (event) => say`${event.method} ${event.path} at ${address(event.address)}`,
  'backend:response': (event) => say`${event.status} from ${address(event.address)}`,
  'backend:goaway': (event) => error(say`GOAWAY ${event.error}, last stream ${lastStreamText(event.lastStream)}, at ${address(event.address)}`),
  'backend:reset-stream': (event) => error(say`resets stream ${event.stream}: ${event.error} at ${address(event.address)}`),
  'backend:broke-off': (event) => error(say`breaks off with ${event.ending.toUpperCase()} at ${address(event.address)}`),
  'backend:close': (event) => say`connection from ${event.from} to ${address(event.address)} closed`,
  'backend:stopping': ({ connections }) => [`SIGTERM: stops accepting, closes idle connections (${connections} open)`],
  'backend:hand-over': ({ connections, drainMs, shutdownMs }) => [`hands over: drains ${connections} connections for ${drainMs} ms, ends after ${shutdownMs} ms`],
  'backend:behaviour': ({ change }) => strong(`behaviour ${change}`),
};

/** The alert that ends a TLS connection in order (RFC 8446 section 6.1). */
export const closeNotify = 'close_notify';
/** The error code of HTTP/2 that says that there was none (RFC 9113 section 7). */
export const noError = 'NO_ERROR';

const failed = (isFailure: boolean, phrase: Phrase): Phrase => (isFailure ? error(phrase) : phrase);

/** `forwarded` as a reader says it. */
function sourceText(source: string): string {
  return source === 'forwarded' ? 'asked of the DNS server' : `from ${source}`;
}

/** `addresses` is undefined if a log does not tell them. */
function answer(rcode: string, truncated: boolean, addresses?: readonly string[]): Phrase {
  if (rcode === 'NOERROR' && addresses === undefined) return [rcode];
  return answerOf(rcode, truncated, addresses ?? []);
}

function answerOf(rcode: string, truncated: boolean, addresses: readonly string[]): Phrase {
  return rcode !== 'NOERROR' ? error(rcode) : truncated && addresses.length > 0 ? say`truncated, with ${list(addresses)}` : truncated ? ['truncated'] : addresses.length === 0 ? ['no such record'] : list(addresses);
}

function arrow(sender: string, event: { address: string; localPort: number }): Phrase {
  return sender === 'client' ? say`${event.localPort} → ${address(event.address)}` : say`${address(event.address)} → ${event.localPort}`;
}

/** The body of a backend is `Hello, World from 198.51.100.11`. */
function body(text: string): Phrase {
  const [, greeting, from] = /^(Hello, World from )(\S+)$/.exec(text) ?? [];
  return greeting === undefined || from === undefined ? [text] : say`${greeting}${address(from)}`;
}

/** A command of several lines stands in a scenario with an indent of its own. */
function withoutIndent(command: string): string {
  const [first = '', ...others] = command.trim().split('\n');
  const indent = Math.min(...others.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)));
  return [first, ...others.map((line) => line.slice(Math.min(indent, line.search(/\S|$/))))].join('\n');
}

/** What people write, and the last words of a process, may have several lines. Every other event says one. */
const severalLines = new Set<EventName>(['lab:command', 'lab:note', 'lab:process-trouble']);

/**
 * What an event says: names, bodies and errors come from outside, so control characters are written out, and long texts are cut. It has one line,
 * except for a few events of the lab itself: see linesOf.
 */
export function phraseOf<Name extends EventName>(event: Name, payload: Payload<Name>): Phrase {
  const written = severalLines.has(event) ? (text: string): string => text.split('\n').map((line) => printable(line.replaceAll('\t', '  '))).join('\n') : printable;
  return shown(phrases[event](payload), written);
}

/** The lines of a phrase. */
export function linesOf(phrase: Phrase): Phrase[] {
  const lines: Span[][] = [[]];
  for (const span of phrase) {
    const pieces: Span[][] = typeof span === 'string' ? span.split('\n').map((text) => [text]) : linesOf(span.phrase).map((line) => [{ role: span.role, phrase: line }]);
    for (const [index, piece] of pieces.entries()) {
      if (index > 0) lines.push([]);
      lines.at(-1)?.push(...piece);
    }
  }
  return lines;
}

/** The longest text of a phrase: about two lines of a terminal. */
const longestText = 200;

function shown(phrase: Phrase, written: (text: string) => string): Phrase {
  const cut = (text: string): string => (text.length > longestText ? `${text.slice(0, longestText)} … (cut: events.ndjson has more)` : text);
  return phrase.map((span) => (typeof span === 'string' ? written(cut(span)) : { role: span.role, phrase: shown(span.phrase, written) }));
}

/** Whether a phrase says that something failed. */
export function isError(phrase: Phrase): boolean {
  return phrase.some((span) => typeof span === 'object' && (span.role === 'error' || isError(span.phrase)));
}

/** A phrase without its roles. */
export function plainText(phrase: Phrase): string {
  return phrase.map((span) => (typeof span === 'string' ? span : plainText(span.phrase))).join('');
}

/** Which of the three usual backends an address belongs to, by its last part: the same in both families and in every run. Null for another address. */
export function backendOfAddress(address: string): 0 | 1 | 2 | null {
  const last = /[.:]([0-9a-f]+)$/.exec(address)?.[1];
  return ({ '11': 0, '12': 1, '13': 2, '21': 0, '22': 1, '23': 2 } as const)[last ?? ''] ?? null;
}

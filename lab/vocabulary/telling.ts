/** Every event in a few words: the one place where an event becomes text. */
import { pc } from './terminal.ts';
import type { EventName, Payload } from './events.ts';

type Describer = { [Name in EventName]: (payload: Payload<Name>) => string };

/** One stable colour a backend, by the last part of its address: .11 is cyan in every family and every run. */
export function colourAddress(address: string): string {
  const last = /[.:]([0-9a-f]+)$/.exec(address)?.[1];
  const colour = { '11': pc.cyan, '12': pc.yellow, '13': pc.magenta, '21': pc.cyan, '22': pc.yellow, '23': pc.magenta }[last ?? ''] ?? ((text: string) => text);
  return colour(address);
}

const list = (addresses: readonly string[]): string => addresses.map(colourAddress).join(' ') || 'no address';
const number = (request: number): string => pc.dim(`#${request}`);

const describers: Describer = {
  'lab:process-trouble': ({ process, reason }) => pc.red(printable(`${process} ${reason}`)),
  'lab:command': ({ command }) => `$ ${command}`,
  'lab:note': ({ text }) => pc.italic(text),

  'fault:apply': ({ fault, options }) => pc.bold(pc.red(options ? `${fault} ${options}` : fault)),
  'fault:verified': ({ fault, observed }) => `${fault}: seen (${observed})`,
  'fault:unverified': ({ fault, observed }) => pc.red(`${fault}: NOT seen (${observed})`),
  'fault:heal': ({ fault }) => pc.bold(pc.green(`heal ${fault}`)),
  'fault:healed': ({ observed }) => `healed: seen (${observed})`,
  'fault:unhealed': ({ observed }) => pc.red(`healed: NOT seen (${observed})`),

  'client:request': ({ request, method, url }) => pc.bold(`${method} ${url} ${number(request)}`),
  'client:dns-start': ({ name, family, resolver, request }) =>
    `lookup ${name} ${family === 0 ? '' : `IPv${family} only `}${resolver === 'lookup' ? '' : `by ${resolver} `}${number(request)}`,
  'client:dns-done': ({ addresses, error, coalesced, request }) =>
    `lookup ${error ? pc.red(error) : `→ ${list(addresses)}`}${coalesced ? ' (coalesced)' : ''} ${number(request)}`,
  'client:connect-start': ({ address, request }) => `connect ${colourAddress(address)} ${number(request)}`,
  'client:connect-done': ({ address, request }) => `connected ${colourAddress(address)} ${number(request)}`,
  'client:connect-failed': ({ address, error, request }) => `${pc.red(error)} ${colourAddress(address)} ${number(request)}`,
  'client:connect-timeout': ({ address, request }) => `${pc.red('given up')} ${colourAddress(address)} ${number(request)}`,
  'client:connection': ({ reused, address, request }) => `${reused ? 'reuses' : 'uses new'} connection to ${colourAddress(address)} ${number(request)}`,
  'client:request-sent': ({ request }) => `request sent ${number(request)}`,
  'client:response-start': ({ status, request }) => `${status} headers ${number(request)}`,
  'client:response': ({ status, body, request }) => pc.bold(`${status ?? 'answered:'} ${colourBody(body)} ${number(request)}`),
  'client:error': ({ code, request }) => pc.bold(pc.red(`error reaches the caller: ${code} ${number(request)}`)),
  // UND_ERR_INFO is undici's word for its own tidy end of a connection.
  'client:connection-closed': ({ address, error }) => `connection to ${colourAddress(address)} closed${error && error !== 'UND_ERR_INFO' ? ` (${error})` : ''}`,

  'dns:query': ({ type, name, transport }) => `${type}? ${printable(name)}${transport === 'tcp' ? ' over TCP' : ''}`,
  'dns:answer': ({ type, rcode, addresses, truncated }) =>
    `${type} → ${answerText(rcode, truncated, addresses)}`,
  'dns:dropped': ({ type }) => pc.red(`${type} dropped`),
  'dns:malformed': ({ reason, count }) => pc.red(`malformed packet ${count}: ${reason}`),
  'dns:policy': ({ change }) => pc.bold(change),

  'load:served': ({ connection, kind, process }) => `${kind} connection ${connection} is served by process ${printable(process)}`,
  'load:told': ({ connection, kind, responses }) => `${kind} connection ${connection} is told to close, with response ${responses}`,
  'load:redialled': ({ connection, address, refused }) => `connection ${connection} is dialled again: ${printable(address)}${refused > 0 ? `, after ${refused} refused` : ''}`,
  'load:closed': ({ connection, kind, ending, responses }) => `${kind} connection ${connection} ends (${ending.toUpperCase()}) after ${responses} responses`,

  'wire:dns-query': ({ type, name, transport, localPort }) => `${type}? ${printable(name)} from port ${localPort}${transport === 'tcp' ? ' over TCP' : ''}`,
  'wire:dns-response': ({ type, rcode, addresses, truncated }) => `${type} → ${answerText(rcode, truncated, addresses)}`,
  'wire:neighbour-solicitation': ({ address, family }) => `who has ${colourAddress(address)}? (${family === 4 ? 'ARP' : 'ND'})`,
  'wire:neighbour-answer': ({ address }) => `${colourAddress(address)} is here`,
  'wire:syn': ({ address, localPort }) => `SYN ${localPort} → ${colourAddress(address)}`,
  'wire:syn-retransmission': ({ address, localPort, count }) => pc.red(`SYN ${count} ${localPort} → ${colourAddress(address)}`),
  'wire:syn-ack': ({ address, localPort }) => `SYN-ACK ${colourAddress(address)} → ${localPort}`,
  'wire:rst': ({ address, localPort, sender }) => pc.red(`RST ${arrow(sender, address, localPort)}`),
  'wire:fin': ({ address, localPort, sender }) => `FIN ${arrow(sender, address, localPort)}`,
  'wire:unreachable': ({ address, sender, reason }) => pc.red(`ICMP ${reason}: ${colourAddress(address)} (from ${sender})`),
  'wire:request': ({ address, localPort, line }) => `${printable(line) || 'request'} ${localPort} → ${colourAddress(address)}`,
  'wire:response': ({ address, localPort, line }) => `${printable(line) || 'response'} ${colourAddress(address)} → ${localPort}`,
  'wire:data-retransmission': ({ address, localPort, sender, bytes }) => pc.red(`${bytes} bytes again ${arrow(sender, address, localPort)}`),
  'wire:malformed': ({ reason, count }) => pc.red(`frame ${count} that cannot be decoded: ${reason}`),

  'backend:accept': ({ from, fromPort, address }) => `accept at ${colourAddress(address)} from ${from}:${fromPort}`,
  'backend:request': ({ method, path, address }) => `${method} ${path} at ${colourAddress(address)}`,
  'backend:response': ({ status, address }) => `${status} from ${colourAddress(address)}`,
  'backend:broke-off': ({ ending, address }) => pc.red(`breaks off with ${ending.toUpperCase()} at ${colourAddress(address)}`),
  'backend:close': ({ address, from }) => `connection from ${from} to ${colourAddress(address)} closed`,
  'backend:stopping': ({ connections }) => `SIGTERM: stops accepting, closes idle (${connections} open)`,
  'backend:hand-over': ({ connections, drainMs, shutdownMs }) => `hands over: drains ${connections} connections over ${drainMs} ms, ends after ${shutdownMs} ms`,
  'backend:behaviour': ({ change }) => pc.bold(`behaves ${change}`),
};

function answerText(rcode: string, truncated: boolean, addresses: readonly string[]): string {
  return rcode !== 'NOERROR' ? pc.red(rcode) : truncated ? 'truncated' : addresses.length === 0 ? 'no such record' : list(addresses);
}

function arrow(sender: string, address: string, localPort: number): string {
  return sender === 'client' ? `${localPort} → ${colourAddress(address)}` : `${colourAddress(address)} → ${localPort}`;
}

/** Names come from the network: control characters are shown, not sent to the terminal. */
function printable(text: string): string {
   
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, (character) => `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** `client:connect-start` with its payload → `connect 198.51.100.11 #1`, coloured where colour is on. */
export function describe<Name extends EventName>(event: Name, payload: Payload<Name>): string {
  return describers[event](payload);
}

function colourBody(body: string): string {
  return body.replace(/\S+$/, colourAddress);
}

/**
 * All events of the timeline in one table: name, payload, units, and one line of documentation. The `doc` of each event stands in
 * docs/results.md. Code that prints or counts events subscribes to the timeline (lab/run/timeline.ts).
 *
 * All processes of the lab run on one kernel, so CLOCK_MONOTONIC is the same number in every namespace and container (clock_gettime(2)).
 * The time of every event is on this clock.
 */

/** The types of a payload's fields. The suffix of a field's name is its unit: `drainMs` is in milliseconds. */
interface FieldTypes {
  text: string;
  number: number;
  flag: boolean;
  texts: string[];
  'text?': string | undefined;
  'number?': number | undefined;
  'texts?': string[] | undefined;
}
export type FieldType = keyof FieldTypes;
type Fields = Record<string, FieldType>;

interface EventSpec<F extends Fields = Fields> {
  doc: string;
  fields: F;
  /** The terminal shows the event only with `-v`. */
  detail?: true;
}

const event = <const F extends Fields>(doc: string, fields: F): EventSpec<F> => ({ doc, fields });
const detail = <const F extends Fields>(doc: string, fields: F): EventSpec<F> => ({ doc, fields, detail: true });

/** The two ends of a TCP connection of the client. `address` and `port` are the server's. */
const flow = { address: 'text', port: 'number', localPort: 'number', family: 'number' } as const;

export const events = {
  'lab:process-trouble': event('a process of the lab ended unexpectedly, or wrote a line that is not part of its protocol; or something outside the lab disturbed a host', { process: 'text', reason: 'text' }),
  'lab:command': event('a scenario ran a command on a host', { command: 'text' }),
  'lab:note': event('the scenario added a remark', { text: 'text' }),

  'fault:apply': event('the lab begins to put a fault in force', { fault: 'text', options: 'text' }),
  'fault:verified': event('the observer saw the effect of the fault', { fault: 'text', observed: 'text' }),
  'fault:unverified': event('the observer saw no effect of the fault: the verdict will be `unknown`', { fault: 'text', observed: 'text' }),
  'fault:heal': event('the lab begins to heal a fault', { fault: 'text' }),
  'fault:healed': event('the observer saw the baseline again, or another fault or a behaviour set by hand still hides it', { fault: 'text', observed: 'text' }),
  'fault:unhealed': event('the observer did not see the baseline again: the verdict will be `unknown`', { fault: 'text', observed: 'text' }),

  'client:not-ready': event('the lab has started the client\'s process, and waited in vain for `{"ready":true}`: the start may be a part of the next request', { waitedMs: 'number' }),
  'client:request': event('the caller made a request', { request: 'number', method: 'text', url: 'text' }),
  'client:dns-start': event('the client asked its resolver for the addresses of a name', { request: 'number', lookup: 'number', name: 'text', family: 'number', resolver: 'text' }),
  'client:dns-done': event('the resolver answered; `coalesced`: the lookup sent no query and shared the answer of another lookup', {
    request: 'number',
    lookup: 'number',
    addresses: 'texts',
    coalesced: 'flag',
    error: 'text?',
  }),
  'client:connect-start': event('a connection attempt began', { request: 'number', connection: 'number', address: 'text', port: 'number', family: 'number' }),
  'client:connect-done': event('the attempt succeeded: the connection is established', {
    request: 'number',
    connection: 'number',
    address: 'text',
    port: 'number',
    family: 'number',
    localPort: 'number',
  }),
  'client:connect-failed': event('the attempt failed', {
    request: 'number',
    connection: 'number',
    address: 'text',
    port: 'number',
    family: 'number',
    error: 'text',
  }),
  'client:connect-timeout': event('the client gave up the attempt, to try the next address', {
    request: 'number',
    connection: 'number',
    address: 'text',
    port: 'number',
    family: 'number',
  }),
  'client:tls-start': event('the client began a TLS handshake', { request: 'number', connection: 'number', address: 'text' }),
  'client:tls-done': event('the handshake is done; `issuer` is the name of the CA that signed the certificate; `resumed`: with a session of before', {
    request: 'number',
    connection: 'number',
    address: 'text',
    version: 'text',
    cipher: 'text',
    alpn: 'text',
    resumed: 'flag',
    issuer: 'text',
  }),
  'client:tls-failed': event('the handshake failed; `causes` is the whole chain of errors, the outermost first', { request: 'number', connection: 'number', address: 'text', error: 'text', causes: 'texts' }),
  'client:tls-session': detail('the client was given a ticket, with which it can resume the session later', { connection: 'number', address: 'text' }),
  'client:h2-session': detail('a session of HTTP/2 began', { connection: 'number', address: 'text' }),
  'client:h2-goaway': event('the server ends the session of HTTP/2: it takes no new streams; it has perhaps done the work of streams up to `lastStream` (RFC 9113 section 6.8)', { connection: 'number', address: 'text', error: 'text', lastStream: 'number' }),
  'client:h2-reset': event('a stream of HTTP/2 was reset (RST_STREAM)', { request: 'number', error: 'text' }),
  'client:connection': event('the request got a connection, a new one or a kept-alive one (`reused`)', { request: 'number', connection: 'number', reused: 'flag', address: 'text', port: 'number' }),
  'client:request-sent': detail('the client handed the request to the kernel', { request: 'number' }),
  'client:response-start': detail('the client received the status and the headers', { request: 'number', status: 'number' }),
  'client:response': event('the client received the whole response; no `status` if the client does not report it', { request: 'number', status: 'number?', body: 'text' }),
  'client:error': event('an error reached the caller; `causes` is the whole chain of errors, the outermost first', { request: 'number', code: 'text', causes: 'texts' }),
  'client:connection-closed': event('an established connection ended', { connection: 'number', address: 'text', error: 'text?' }),

  'resolver:query': event('a question of the client reached the resolver between client and DNS server, by its own log; the time is that at which the lab read the log', { queryId: 'number?', name: 'text', type: 'text', from: 'text?' }),
  'resolver:answer': event('the resolver answered; `source` is `cache`, `stale cache`, `forwarded`, or what its log says in their place; it leaves out what the log does not tell', {
    queryId: 'number?',
    name: 'text',
    type: 'text',
    source: 'text',
    rcode: 'text?',
    addresses: 'texts?',
    ttlS: 'number?',
  }),

  'dns:query': event('a query arrived at the DNS server', { id: 'number', name: 'text', type: 'text', transport: 'text', from: 'text', fromPort: 'number' }),
  'dns:answer': event('the DNS server sent an answer; `services`: its HTTPS records (RFC 9460); `rules` names the fault rules that changed this answer', {
    id: 'number',
    name: 'text',
    type: 'text',
    transport: 'text',
    from: 'text',
    fromPort: 'number',
    rcode: 'text',
    addresses: 'texts',
    services: 'texts?',
    truncated: 'flag',
    rules: 'text?',
  }),
  'dns:dropped': event('the DNS server did not answer a query; `rules` names the fault rules that dropped it', { id: 'number', name: 'text', type: 'text', from: 'text', rules: 'text?' }),
  'dns:malformed': event('the DNS server received a message that is not a valid query; `count`: how many so far', { from: 'text', transport: 'text', count: 'number', reason: 'text' }),
  'dns:policy': event('the answer policy changed; `chains`: the filters of both types from here on', { change: 'text', chains: 'texts?' }),

  'load:served': detail('a connection of the load received its first response; `process` is the server process that sent it', { connection: 'number', kind: 'text', process: 'text' }),
  'load:told': detail('the server sent `Connection: close` on a connection of the load, with response number `responses`, or GOAWAY after so many', { connection: 'number', kind: 'text', responses: 'number' }),
  'load:lost': detail('a request of the load over HTTP/2 got no whole answer', { connection: 'number', kind: 'text', error: 'text' }),
  'load:redialled': detail('a kept-alive connection of the load ended, and its client connected again; `refused`: how many addresses refused before', { connection: 'number', address: 'text', refused: 'number' }),
  'load:closed': detail('a connection of the load ended; `ending` is fin or rst; `told`: the server had sent `Connection: close`, or GOAWAY', { connection: 'number', kind: 'text', told: 'flag', ending: 'text', responses: 'number' }),

  'wire:dns-query': detail('a DNS query on the wire', { id: 'number', name: 'text', type: 'text', transport: 'text', address: 'text', localPort: 'number' }),
  'wire:dns-response': detail('a DNS response on the wire; `services`: its HTTPS records (RFC 9460); `ttlS` is the lowest TTL of its answer records, in seconds', {
    id: 'number',
    name: 'text',
    type: 'text',
    transport: 'text',
    address: 'text',
    localPort: 'number',
    rcode: 'text',
    addresses: 'texts',
    services: 'texts?',
    ttlS: 'number?',
    truncated: 'flag',
  }),
  'wire:neighbour-solicitation': detail('the client asked all hosts for the hardware address of a neighbour (ARP, Neighbour Discovery)', { address: 'text', family: 'number' }),
  'wire:neighbour-answer': detail('a neighbour sent its hardware address to the client', { address: 'text', family: 'number' }),
  'wire:syn': event('the client sent the first SYN of an attempt', { ...flow }),
  'wire:syn-retransmission': event('the client sent the same SYN again; `count`: how many SYNs so far', { ...flow, count: 'number' }),
  'wire:syn-ack': event('the server answered an attempt (SYN-ACK)', { ...flow }),
  'wire:rst': event('RST: one side reset a connection, or the server refused an attempt', { ...flow, sender: 'text' }),
  'wire:fin': event('FIN: one side of a connection sends no more data', { ...flow, sender: 'text' }),
  'wire:quic-initial': event('the client sent a datagram with which a connection of QUIC begins; a connection may need more than one, and the client repeats them until an answer comes', { ...flow }),
  'wire:unreachable': event('ICMP "destination unreachable" about a packet of the client', { ...flow, sender: 'text', reason: 'text' }),
  'wire:icmp': event('another ICMP error about a packet of the client: it was too big, or on its way for too long, or had a wrong field', { ...flow, sender: 'text', reason: 'text' }),
  'wire:request': event('the first byte of a request left the client; `count`: the number of the request on this connection; `stream`: its stream in HTTP/2', { ...flow, count: 'number', line: 'text', stream: 'number?' }),
  'wire:response': event('the first byte of a response reached the client; `count`: the number of its request on this connection; `stream`: its stream in HTTP/2', { ...flow, count: 'number', line: 'text', stream: 'number?' }),
  'wire:client-hello': event('the first byte of a ClientHello left the client: TLS begins; `bytes`: the length of the hello, which may need more than one packet; `resumes`: it offers to resume a session', {
    ...flow,
    serverName: 'text?',
    alpn: 'texts',
    versions: 'texts',
    resumes: 'flag',
    bytes: 'number',
  }),
  'wire:server-hello': detail('the first byte of a ServerHello reached the client; `resumed`: it resumes the session that the client offered; `retry`: it asks for another ClientHello', {
    ...flow,
    version: 'text',
    cipher: 'text',
    resumed: 'flag',
    retry: 'flag',
  }),
  'wire:tls-done': event('both sides have sent Finished: the TLS handshake is complete; `ms`: since the first byte of the ClientHello', { ...flow, ms: 'number', version: 'text', alpn: 'text?', resumed: 'flag' }),
  'wire:tls-alert': event('one side sent an alert of TLS, in the clear or with keys that the lab has; close_notify, the orderly end, is shown with `-v` only', { ...flow, sender: 'text', level: 'text', alert: 'text' }),
  'wire:tls-truncated': event('one side sent FIN without close_notify: TLS cannot tell whether something was cut off; it is told only where the lab has the keys', { ...flow, sender: 'text' }),
  'wire:h2-settings': detail('one side of HTTP/2 sent its settings, or the acknowledgement of the other side\'s (`ack`)', { ...flow, sender: 'text', ack: 'flag', settings: 'texts' }),
  'wire:h2-ping': detail('one side of HTTP/2 asked whether the other one still answers, or answered that (`ack`)', { ...flow, sender: 'text', ack: 'flag' }),
  'wire:h2-goaway': event('one side of HTTP/2 ends the connection: it has not processed streams above `lastStream`, and will not', { ...flow, sender: 'text', lastStream: 'number', error: 'text' }),
  'wire:h2-rst-stream': event('one side of HTTP/2 broke one stream off; `count`: the number of its request, if it had no response', { ...flow, sender: 'text', stream: 'number', error: 'text', count: 'number?' }),
  'wire:data-retransmission': event('one side sent `bytes` bytes of payload again', { ...flow, sender: 'text', bytes: 'number' }),
  'wire:out-of-order': event('payload arrived after later payload of the same sender; it had not been sent before', { ...flow, sender: 'text', bytes: 'number' }),
  'wire:keep-alive-probe': event('one side asked whether the other one is still there (RFC 9293 section 3.8.4)', { ...flow, sender: 'text' }),
  'wire:zero-window': event('one side announced that it can take no more data (a window of 0)', { ...flow, sender: 'text' }),
  'wire:malformed': detail('a frame, or a DNS message in it, cannot be decoded; `count`: how many so far', { reason: 'text', count: 'number' }),

  'backend:accept': detail('the backend accepted a connection', { connection: 'number', from: 'text', fromPort: 'number', address: 'text' }),
  'backend:tls': detail('a handshake is done; `alpn` is empty if the client offered no protocol; `resumed`: with a session of before', { connection: 'number', from: 'text', address: 'text', version: 'text', alpn: 'text', resumed: 'flag' }),
  'backend:tls-failed': event('a handshake failed, by the code that the backend got: also that of an alert of the client', { connection: 'number', from: 'text', address: 'text', error: 'text' }),
  'backend:request': event('a request arrived at the backend; `stream`: its number over HTTP/2', { connection: 'number', from: 'text', method: 'text', path: 'text', address: 'text', stream: 'number?' }),
  'backend:response': event('the backend handed the response to the kernel', { connection: 'number', from: 'text', status: 'number', address: 'text', stream: 'number?' }),
  'backend:goaway': event('the backend ends a connection of HTTP/2 with GOAWAY: it takes no streams above `lastStream` (RFC 9113 section 6.8)', { connection: 'number', from: 'text', address: 'text', lastStream: 'number', error: 'text' }),
  'backend:reset-stream': event('the backend ended a request of HTTP/2 with RST_STREAM', { connection: 'number', from: 'text', address: 'text', stream: 'number', error: 'text' }),
  'backend:broke-off': event('the backend ended the connection instead of a response, or in the middle of one; `ending` is fin or rst', {
    connection: 'number',
    from: 'text',
    address: 'text',
    ending: 'text',
  }),
  'backend:close': detail('a connection to the backend ended', { connection: 'number', from: 'text', address: 'text' }),
  'backend:stopping': event('the backend got SIGTERM: it accepts no new connections, and closes idle ones', { connections: 'number' }),
  'backend:hand-over': event('another process accepts the new connections now; this one drains its own connections, and then ends', { connections: 'number', drainMs: 'number', shutdownMs: 'number' }),
  'backend:behaviour': event('the behaviour of the backend\'s application changed', { change: 'text' }),
} satisfies Record<string, EventSpec>;

export type EventName = keyof typeof events;
export type Witness = 'lab' | 'fault' | 'client' | 'resolver' | 'dns' | 'wire' | 'load' | 'backend';

type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K] extends `${string}?` ? never : K }[keyof F];
export type Payload<Name extends EventName> = {
  [K in RequiredKeys<(typeof events)[Name]['fields']>]: FieldTypes[(typeof events)[Name]['fields'][K] & keyof FieldTypes];
} & {
  [K in Exclude<keyof (typeof events)[Name]['fields'], RequiredKeys<(typeof events)[Name]['fields']>>]?: FieldTypes[(typeof events)[Name]['fields'][K] &
    keyof FieldTypes];
};

/** Puts an event of the lab itself on the timeline, with the time of the call. */
export type RecordEvent = <Name extends EventName>(host: string, event: Name, payload: Payload<Name>) => void;

/** An event as a process of the lab writes it: one JSON line. The lab adds host and witness. */
export type EmittedEvent = { [Name in EventName]: { event: Name; atMs: number } & Payload<Name> }[EventName];

/** An event on the timeline. `tMs` is the time since the start of the scenario's stimulus, and is negative before it. */
export type TimelineEvent = { [Name in EventName]: { tMs: number; witness: Witness; host: string; event: Name } & Payload<Name> }[EventName];

/** Returns CLOCK_MONOTONIC in milliseconds. The double is exact to a microsecond for a century of uptime. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** Returns the part of an event's name before the colon. */
export function witnessOf(name: EventName): Witness {
  return name.slice(0, name.indexOf(':')) as Witness;
}

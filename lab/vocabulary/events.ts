/**
 * The vocabulary of the timeline: every event, its payload, its unit. Whoever prints or counts is a subscriber.
 *
 * Every process of the lab runs on one kernel, so CLOCK_MONOTONIC is the same number everywhere,
 * across namespaces and containers (clock_gettime(2)); `nowMs` is the only clock an event is stamped with.
 */

/** What a payload's fields are made of; the suffix of a field's name is its unit. */
interface FieldTypes {
  text: string;
  number: number;
  flag: boolean;
  texts: string[];
  'text?': string | undefined;
  'number?': number | undefined;
}
export type FieldType = keyof FieldTypes;
type Fields = Record<string, FieldType>;

interface EventSpec<F extends Fields = Fields> {
  doc: string;
  fields: F;
  /** Shown only with `-v`. */
  detail?: true;
}

const event = <const F extends Fields>(doc: string, fields: F): EventSpec<F> => ({ doc, fields });
const detail = <const F extends Fields>(doc: string, fields: F): EventSpec<F> => ({ doc, fields, detail: true });

export const events = {
  'lab:process-trouble': event('a process of the lab ended without being asked to, or wrote what is none of the protocol', { process: 'text', reason: 'text' }),
  'lab:command': event('a scenario ran a command on a host', { command: 'text' }),
  'lab:note': event('a remark by the scenario', { text: 'text' }),

  'fault:apply': event('a fault was asked for', { fault: 'text', options: 'text' }),
  'fault:verified': event('the effect of the fault was observed from the observer host', { fault: 'text', observed: 'text' }),
  'fault:unverified': event('the fault showed no effect: the verdict will be unknown', { fault: 'text', observed: 'text' }),
  'fault:heal': event('healing was asked for', { fault: 'text' }),
  'fault:healed': event('the baseline was observed again', { fault: 'text', observed: 'text' }),
  'fault:unhealed': event('the baseline did not return: the verdict will be unknown', { fault: 'text', observed: 'text' }),

  'client:request': event('a request was handed to the transport', { request: 'number', method: 'text', url: 'text' }),
  'client:dns-start': event('the transport asked its resolver', { request: 'number', lookup: 'number', name: 'text', family: 'number', resolver: 'text' }),
  'client:dns-done': event('the resolver answered; `coalesced` when it sent no query of its own', {
    request: 'number',
    lookup: 'number',
    addresses: 'texts',
    coalesced: 'flag',
    error: 'text?',
  }),
  'client:connect-start': event('a connection attempt began', { request: 'number', connection: 'number', address: 'text', port: 'number', family: 'number' }),
  'client:connect-done': event('the attempt succeeded', {
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
  'client:connect-timeout': event('the transport gave the attempt up to try the next address', {
    request: 'number',
    connection: 'number',
    address: 'text',
    port: 'number',
    family: 'number',
  }),
  'client:connection': event('the request obtained a connection', { request: 'number', connection: 'number', reused: 'flag', address: 'text', port: 'number' }),
  'client:request-sent': detail('the request was handed to the kernel', { request: 'number' }),
  'client:response-start': detail('status and headers arrived', { request: 'number', status: 'number' }),
  'client:response': event('the whole response arrived; no `status` where the client does not tell', { request: 'number', status: 'number?', body: 'text' }),
  'client:error': event('an error reached the caller; `causes` is the whole chain, outermost first', { request: 'number', code: 'text', causes: 'texts' }),
  'client:connection-closed': event('a connection that had been established is gone', { connection: 'number', address: 'text', error: 'text?' }),

  'dns:query': event('a query arrived', { id: 'number', name: 'text', type: 'text', transport: 'text', from: 'text', fromPort: 'number' }),
  'dns:answer': event('an answer left; `rules` are those that made it another one', {
    id: 'number',
    name: 'text',
    type: 'text',
    transport: 'text',
    from: 'text',
    fromPort: 'number',
    rcode: 'text',
    addresses: 'texts',
    truncated: 'flag',
    rules: 'text?',
  }),
  'dns:dropped': event('a query is left without an answer, as the policy says', { id: 'number', name: 'text', type: 'text', from: 'text', rules: 'text?' }),
  'dns:malformed': event('a packet that is no DNS query arrived; `count` so far', { from: 'text', transport: 'text', count: 'number', reason: 'text' }),
  'dns:policy': event('the answer policy changed', { change: 'text' }),

  'load:served': detail('a connection of the load had its first answer, from this process', { connection: 'number', kind: 'text', process: 'text' }),
  'load:told': detail('a connection of the load was answered with `Connection: close`', { connection: 'number', kind: 'text', responses: 'number' }),
  'load:redialled': detail('a kept connection of the load had ended and was dialled again; `refused` addresses were tried in vain before this one', { connection: 'number', address: 'text', refused: 'number' }),
  'load:closed': detail('a connection of the load is gone; `ending` is fin or rst', { connection: 'number', kind: 'text', told: 'flag', ending: 'text', responses: 'number' }),

  'wire:dns-query': detail('a DNS query on the wire', { id: 'number', name: 'text', type: 'text', transport: 'text', address: 'text', localPort: 'number' }),
  'wire:dns-response': detail('a DNS response on the wire', {
    id: 'number',
    name: 'text',
    type: 'text',
    transport: 'text',
    address: 'text',
    localPort: 'number',
    rcode: 'text',
    addresses: 'texts',
    truncated: 'flag',
  }),
  'wire:neighbour-solicitation': detail('the client asked everybody for the hardware address of a neighbour (ARP, Neighbour Discovery)', { address: 'text', family: 'number' }),
  'wire:neighbour-answer': detail('a neighbour told the client its hardware address', { address: 'text', family: 'number' }),
  'wire:syn': event('the first SYN of an attempt', { address: 'text', port: 'number', localPort: 'number', family: 'number' }),
  'wire:syn-retransmission': event('the same SYN again; `count` SYNs so far', { address: 'text', port: 'number', localPort: 'number', family: 'number', count: 'number' }),
  'wire:syn-ack': event('the attempt was answered', { address: 'text', port: 'number', localPort: 'number', family: 'number' }),
  'wire:rst': event('a connection was reset, or an attempt refused', { address: 'text', port: 'number', localPort: 'number', family: 'number', sender: 'text' }),
  'wire:fin': event('one side of a connection has no more to send', { address: 'text', port: 'number', localPort: 'number', family: 'number', sender: 'text' }),
  'wire:unreachable': event('ICMP destination unreachable, about a packet of the client', {
    address: 'text',
    port: 'number',
    localPort: 'number',
    family: 'number',
    sender: 'text',
    reason: 'text',
  }),
  'wire:request': event('the first byte of a request left; `count` requests so far on this connection', {
    address: 'text',
    port: 'number',
    localPort: 'number',
    family: 'number',
    count: 'number',
    line: 'text',
  }),
  'wire:response': event('the first byte of a response arrived', { address: 'text', port: 'number', localPort: 'number', family: 'number', count: 'number', line: 'text' }),
  'wire:data-retransmission': event('payload that had been sent before', {
    address: 'text',
    port: 'number',
    localPort: 'number',
    family: 'number',
    sender: 'text',
    bytes: 'number',
  }),
  'wire:malformed': detail('a frame that could not be decoded; `count` so far', { reason: 'text', count: 'number' }),

  'backend:accept': detail('a connection was accepted', { connection: 'number', from: 'text', fromPort: 'number', address: 'text' }),
  'backend:request': event('a request arrived', { connection: 'number', from: 'text', method: 'text', path: 'text', address: 'text' }),
  'backend:response': event('the response was handed to the kernel', { connection: 'number', from: 'text', status: 'number', address: 'text' }),
  'backend:broke-off': event('the backend ended the connection instead of a response, or in the middle of one, with FIN or RST', {
    connection: 'number',
    from: 'text',
    address: 'text',
    ending: 'text',
  }),
  'backend:close': detail('a connection is gone', { connection: 'number', from: 'text', address: 'text' }),
  'backend:stopping': event('SIGTERM: no new connections, idle ones closed', { connections: 'number' }),
  'backend:hand-over': event('another process listens now; this one drains what it has, and ends', { connections: 'number', drainMs: 'number', shutdownMs: 'number' }),
  'backend:behaviour': event('the behaviour of the application changed', { change: 'text' }),
} satisfies Record<string, EventSpec>;

export type EventName = keyof typeof events;
export type Witness = 'lab' | 'fault' | 'client' | 'dns' | 'wire' | 'load' | 'backend';

type RequiredKeys<F extends Fields> = { [K in keyof F]: F[K] extends `${string}?` ? never : K }[keyof F];
export type Payload<Name extends EventName> = {
  [K in RequiredKeys<(typeof events)[Name]['fields']>]: FieldTypes[(typeof events)[Name]['fields'][K] & keyof FieldTypes];
} & {
  [K in Exclude<keyof (typeof events)[Name]['fields'], RequiredKeys<(typeof events)[Name]['fields']>>]?: FieldTypes[(typeof events)[Name]['fields'][K] &
    keyof FieldTypes];
};

/** Puts an event of the lab itself on the timeline, now. */
export type RecordEvent = <Name extends EventName>(host: string, event: Name, payload: Payload<Name>) => void;

/** What a process of the lab writes, one JSON line each. The lab adds host and witness. */
export type EmittedEvent = { [Name in EventName]: { event: Name; atMs: number } & Payload<Name> }[EventName];

/** An event on the timeline: `tMs` counts from the start of the scenario's stimulus, and is negative before it. */
export type TimelineEvent = { [Name in EventName]: { tMs: number; witness: Witness; host: string; event: Name } & Payload<Name> }[EventName];

/** CLOCK_MONOTONIC in milliseconds, as a double: exact to a microsecond for a century of uptime. */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The part of an event's name before the colon. */
export function witnessOf(name: EventName): Witness {
  return name.slice(0, name.indexOf(':')) as Witness;
}

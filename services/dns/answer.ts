/** Parses a query, finds its answer in the zone, and encodes the response. */
import { isIPv6 } from 'node:net';
import { Packet, type default as DNS } from 'dns2';
import { parseDnsPacket, typeName } from '../../lab/vocabulary/dns-packet.ts';
import { rcodes } from '../../lab/vocabulary/rcodes.ts';
import { noEffect, type Effect } from './rules.ts';
import type { AddressRecord } from './records.ts';
import type { Zone } from './zone.ts';

/** A parsed query, with every field that the response must repeat. */
export interface Query {
  id: number;
  opcode: number;
  recursionDesired: 0 | 1;
  /** In the case that the client sent; the response repeats it (draft-vixie-dnsext-dns0x20). */
  name: string;
  typeNumber: number;
  /** `A`, or `TYPE65` if dns2 has no name for the type (RFC 3597). */
  type: string;
  classNumber: number;
  /** The client's EDNS version and UDP payload size, or null without EDNS (RFC 6891). */
  edns: { version: number; payloadBytes: number } | null;
}

/** The answer to one query, before it is encoded. */
export interface Response {
  rcode: string;
  records: AddressRecord[];
  /** TTL of the records in seconds; null for the zone's TTL. */
  ttlS: number | null;
  /** Number of CNAMEs between the name and the records. */
  cnames: number;
  /** Over UDP the response is empty and has TC set. */
  truncate: boolean;
  /** The id of the response differs from the id of the query. */
  wrongId: boolean;
}

/** The UDP payload size that this server offers. It fits an unfragmented IPv6 packet (DNS Flag Day 2020). */
const ownPayloadBytes = 1232;

/** Reads one query. @throws {Error} that says what is wrong with the bytes. */
export function parseQuery(bytes: Buffer): Query {
  const { id, isResponse, opcode, isRecursionDesired, questions: [question, ...more], additionals } = parseDnsPacket(bytes);
  if (isResponse) throw new Error('a response, not a query');
  if (question === undefined || more.length > 0) throw new Error(`expected 1 question, got ${question === undefined ? 0 : 1 + more.length}`);
  const [opt, ...others] = additionals.filter(({ type }) => type === Packet.TYPE.EDNS);
  if (others.length > 0 || (opt && opt.name !== '')) throw new Error('more than one EDNS record, or one that has a name');
  return {
    id,
    opcode,
    recursionDesired: isRecursionDesired ? 1 : 0,
    name: question.name,
    typeNumber: question.type,
    type: typeName(question.type),
    classNumber: question.class,
    edns: opt ? { version: (opt.ttl >>> 16) & 0xff, payloadBytes: Math.max(opt.class, 512) } : null,
  };
}

/** Returns the zone's answer, changed by the effect of the rules. `from` is the client's address. */
export function resolve(query: Query, zone: Zone, from = '', effect: Effect = noEffect): Response {
  const { ttlS, cnames, truncate, wrongId } = effect;
  const response = (rcode: string, records: AddressRecord[] = []): Response => ({ rcode, records, ttlS, cnames, truncate, wrongId });
  if (query.edns && query.edns.version > 0) return response('BADVERS');
  if (query.opcode !== 0) return response('NOTIMP');
  if (query.classNumber !== Packet.CLASS.IN) return response('REFUSED');
  if (effect.rcode !== null) return response(effect.rcode);
  const answer = zone.answer(query.name, query.type, { from, omit: effect.omit });
  if (answer.rcode !== 'NOERROR') return response(answer.rcode);
  if (effect.nodata) return response('NOERROR');
  return response('NOERROR', withInserted(answer.records, effect.insert));
}

/** Replaces the first addresses of the answer with the inserted addresses of the same family. */
function withInserted(records: AddressRecord[], insert: readonly string[]): AddressRecord[] {
  const [first] = records;
  if (!first) return records;
  const inserted = insert.filter((address) => isIPv6(address) === (first.type === 'AAAA')).map((address) => ({ ...first, address }));
  return [...inserted, ...records.slice(inserted.length)];
}

/**
 * Returns the bytes of the response. Over UDP a response that is larger than the client's size is sent empty with TC set,
 * so that the client asks again over TCP (RFC 2181 section 9).
 */
export function encodeResponse(query: Query, response: Response, zone: Zone, transport: 'udp' | 'tcp'): { bytes: Buffer; truncated: boolean } {
  const bytes = buildPacket(query, response, zone).toBuffer();
  const limitBytes = transport === 'tcp' ? 65_535 : Math.min(query.edns?.payloadBytes ?? 512, query.edns ? ownPayloadBytes : 512);
  const truncate = response.truncate && transport === 'udp';
  if (bytes.length <= limitBytes && !truncate) return { bytes, truncated: false };
  const packet = buildPacket(query, { ...response, records: [] }, zone);
  packet.header.tc = 1;
  packet.authorities = [];
  return { bytes: packet.toBuffer(), truncated: true };
}

function buildPacket(query: Query, { rcode, records, ttlS, cnames, wrongId }: Response, zone: Zone): Packet {
  const authoritative = rcode === 'NOERROR' || rcode === 'NXDOMAIN';
  const packet = new Packet();
  packet.header = new Packet.Header({
    id: wrongId ? query.id ^ 1 : query.id,
    qr: 1,
    opcode: query.opcode,
    aa: authoritative ? 1 : 0,
    rd: query.recursionDesired,
    rcode: rcodes[rcode] ?? 2,
  });
  // The constructor would take the type or class 0 for a missing one.
  packet.questions = [Object.assign(new Packet.Question({ name: query.name }), { type: query.typeNumber, class: query.classNumber })];
  const names = [query.name, ...(records.length > 0 ? Array.from({ length: cnames }, (_, index) => `cname-${index + 1}.${zone.domain}`) : [])];
  packet.answers = [
    ...names.slice(1).map((domain, index) => resource(names[index] ?? '', Packet.TYPE.CNAME, ttlS ?? zone.ttlS, { domain })),
    ...records.map(({ type, address }) => resource(names.at(-1) ?? '', Packet.TYPE[type], ttlS ?? zone.ttlS, { address })),
  ];
  const isApex = query.name.toLowerCase() === zone.domain;
  if (authoritative && isApex && query.type === 'SOA') packet.answers = [soa(zone)];
  else if (authoritative && isApex && query.type === 'NS') packet.answers = [resource(query.name, Packet.TYPE.NS, zone.ttlS, { ns: `dns.${zone.domain}` })];
  // NODATA and NXDOMAIN carry the SOA, which says how long the negative answer may be cached (RFC 2308).
  else if (authoritative && records.length === 0) packet.authorities = [soa(zone)];
  if (query.edns) packet.additionals = [resource('', Packet.TYPE.EDNS, 0, { class: ownPayloadBytes, rdata: [] })];
  return packet;
}

function soa(zone: Zone): DNS.Packet.Resource {
  return resource(zone.domain, Packet.TYPE.SOA, zone.ttlS, {
    primary: `dns.${zone.domain}`,
    admin: `hostmaster.${zone.domain}`,
    serial: 1,
    refresh: 3600,
    retry: 600,
    expiration: 86_400,
    minimum: zone.ttlS,
  });
}

function resource(name: string, type: number, ttlS: number, data: object): DNS.Packet.Resource {
  return Object.assign(new Packet.Resource(), { name, type, class: Packet.CLASS.IN, ttl: ttlS }, data);
}

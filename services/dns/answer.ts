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
  /** Over UDP the response has TC set and so many of its records; null if it is not truncated on purpose. */
  truncate: number | null;
  /** The id of the response differs from the id of the query. */
  wrongId: boolean;
  /** The flags AA and RA (RFC 1035 section 4.1.1). */
  aa: boolean;
  ra: boolean;
  /** Without records, the response has the SOA of the zone. */
  soa: boolean;
}

/** A response as bytes, and what these bytes hold. */
export interface Encoded {
  bytes: Buffer;
  truncated: boolean;
  addresses: string[];
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
  const { ttlS, cnames, truncate, wrongId, aa } = effect;
  const response = (rcode: string, records: AddressRecord[] = []): Response => {
    // A resolver sets AA only for a zone of its own. An error is no answer from any zone.
    const isOwn = zone.apexOf(query.name) === zone.domain;
    return { rcode, records, ttlS, cnames, truncate, wrongId, aa: isAnswer(rcode) && (aa ?? (zone.aa && isOwn)), ra: effect.ra ?? zone.ra, soa: effect.soa ?? zone.soa };
  };
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

/** Whether the response tells what is in a zone: the records, or that there are none. */
function isAnswer(rcode: string): boolean {
  return rcode === 'NOERROR' || rcode === 'NXDOMAIN';
}

/**
 * Returns the bytes of the response. Over UDP a response that is larger than the client's size is sent empty with TC set,
 * so that the client asks again over TCP (RFC 2181 section 9).
 */
export function encodeResponse(query: Query, response: Response, zone: Zone, transport: 'udp' | 'tcp'): Encoded {
  const packet = buildPacket(query, response, zone);
  const bytes = packet.toBuffer();
  const limitBytes = transport === 'tcp' ? 65_535 : Math.min(query.edns?.payloadBytes ?? 512, query.edns ? ownPayloadBytes : 512);
  const kept = transport === 'udp' ? response.truncate : null;
  if (bytes.length <= limitBytes && kept === null) return { bytes, truncated: false, addresses: addressesOf(packet) };
  packet.header.tc = 1;
  packet.authorities = [];
  packet.answers = packet.answers.slice(0, kept ?? 0);
  while (packet.toBuffer().length > limitBytes) packet.answers.pop();
  return { bytes: packet.toBuffer(), truncated: true, addresses: addressesOf(packet) };
}

function addressesOf({ answers }: Packet): string[] {
  return answers.flatMap(({ address }) => address ?? []);
}

function buildPacket(query: Query, { rcode, records, ttlS, cnames, wrongId, aa, ra, soa }: Response, zone: Zone): Packet {
  const packet = new Packet();
  packet.header = new Packet.Header({
    id: wrongId ? query.id ^ 1 : query.id,
    qr: 1,
    opcode: query.opcode,
    aa: aa ? 1 : 0,
    rd: query.recursionDesired,
    ra: ra ? 1 : 0,
    rcode: rcodes[rcode] ?? 2,
  });
  // The constructor would take the type or class 0 for a missing one.
  packet.questions = [Object.assign(new Packet.Question({ name: query.name }), { type: query.typeNumber, class: query.classNumber })];
  const names = [query.name, ...(records.length > 0 ? Array.from({ length: cnames }, (_, index) => `cname-${index + 1}.${zone.domain}`) : [])];
  packet.answers = [
    ...names.slice(1).map((domain, index) => resource(names[index] ?? '', Packet.TYPE.CNAME, ttlS ?? zone.ttlS, { domain })),
    ...records.map(({ type, address }) => resource(names.at(-1) ?? '', Packet.TYPE[type], ttlS ?? zone.ttlS, { address })),
  ];
  const apex = apexRecords(zone, query.name);
  const isApex = isAnswer(rcode) && query.name.toLowerCase() === zone.apexOf(query.name);
  if (isApex && query.type === 'SOA') packet.answers = [apex.soa];
  else if (isApex && query.type === 'NS') packet.answers = [apex.ns];
  // NODATA and NXDOMAIN carry the SOA, which says how long the negative answer may be cached (RFC 2308).
  else if (soa && isAnswer(rcode) && records.length === 0) packet.authorities = [apex.soa];
  if (query.edns) packet.additionals = [resource('', Packet.TYPE.EDNS, 0, { class: ownPayloadBytes, rdata: [] })];
  return packet;
}

/** The SOA and the NS of the zone that a name is in. The root's have the names and times of the real root. */
function apexRecords(zone: Zone, name: string): { soa: DNS.Packet.Resource; ns: DNS.Packet.Resource } {
  const apex = zone.apexOf(name);
  const [primary, admin, refresh, retry, expiration] =
    apex === '' ? ['a.root-servers.net', 'nstld.verisign-grs.com', 1800, 900, 604_800] : [`dns.${apex}`, `hostmaster.${apex}`, 3600, 600, 86_400];
  return {
    soa: resource(apex, Packet.TYPE.SOA, zone.ttlS, { primary, admin, serial: 1, refresh, retry, expiration, minimum: zone.ttlS }),
    ns: resource(apex, Packet.TYPE.NS, zone.ttlS, { ns: primary }),
  };
}

function resource(name: string, type: number, ttlS: number, data: object): DNS.Packet.Resource {
  return Object.assign(new Packet.Resource(), { name, type, class: Packet.CLASS.IN, ttl: ttlS }, data);
}

/** Parses a query, finds its answer in the zone, and encodes the response. */
import { isIPv6 } from 'node:net';
import { parseDnsPacket, typeName } from '../../lab/vocabulary/dns-packet.ts';
import { rcodes } from '../../lab/vocabulary/rcodes.ts';
import { classIn, types, writeMessage, type Message, type Resource } from './message.ts';
import { addressBytes, serviceText, writeService, type AddressRecord, type ServiceRecord } from './records.ts';
import { noEffect, type Effect } from './rules.ts';
import type { Zone } from './zone.ts';

/** A parsed query, with every field that the response must repeat. */
export interface Query {
  id: number;
  opcode: number;
  recursionDesired: 0 | 1;
  /** In the case that the client sent; the response repeats it (draft-vixie-dnsext-dns0x20). */
  name: string;
  typeNumber: number;
  /** `A`, or `TYPE61` if the lab has no name for the type (RFC 3597). */
  type: string;
  classNumber: number;
  /** The client's EDNS version and UDP payload size, or null without EDNS (RFC 6891). */
  edns: { version: number; payloadBytes: number } | null;
}

/** The answer to one query, before it is encoded. */
export interface Response {
  rcode: string;
  records: (AddressRecord | ServiceRecord)[];
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
  /** The HTTPS records as text. Not set if there are none. */
  services?: string[];
}

/** The UDP payload size that this server offers. It fits an unfragmented IPv6 packet (DNS Flag Day 2020). */
const ownPayloadBytes = 1232;

/** The flags of the header (RFC 1035 section 4.1.1). */
const [QR, AA, TC, RD, RA] = [0x8000, 0x0400, 0x0200, 0x0100, 0x0080];
/** The serial number of the zone in its SOA. The zone has no other version. */
const serial = 1;

/** Reads one query. @throws {Error} that says what is wrong with the bytes. */
export function parseQuery(bytes: Buffer): Query {
  const { id, isResponse, opcode, isRecursionDesired, questions: [question, ...more], additionals } = parseDnsPacket(bytes);
  if (isResponse) throw new Error('a response, not a query');
  if (question === undefined || more.length > 0) throw new Error(`expected 1 question, got ${question === undefined ? 0 : 1 + more.length}`);
  const [opt, ...others] = additionals.filter(({ type }) => type === types.OPT);
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
  const response = (rcode: string, records: Response['records'] = []): Response => {
    // A resolver sets AA only for a zone of its own. An error is no answer from any zone.
    const isOwn = zone.apexOf(query.name) === zone.domain;
    return { rcode, records, ttlS, cnames, truncate, wrongId, aa: isAnswer(rcode) && (aa ?? (zone.aa && isOwn)), ra: effect.ra ?? zone.ra, soa: effect.soa ?? zone.soa };
  };
  if (query.edns && query.edns.version > 0) return response('BADVERS');
  if (query.opcode !== 0) return response('NOTIMP');
  if (query.classNumber !== classIn) return response('REFUSED');
  if (effect.rcode !== null) return response(effect.rcode);
  const answer = zone.answer(query.name, query.type, { from, omit: effect.omit });
  if (answer.rcode !== 'NOERROR') return response(answer.rcode);
  if (effect.nodata) return response('NOERROR');
  return response('NOERROR', withInserted(answer.records, effect.insert));
}

/** Replaces the first addresses of the answer with the inserted addresses of the same family. */
function withInserted(records: Response['records'], insert: readonly string[]): Response['records'] {
  const [first] = records;
  if (!first || first.type === 'HTTPS') return records;
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
  const message = messageOf(query, response, zone);
  const whole = writeMessage(message);
  const limitBytes = transport === 'tcp' ? 65_535 : Math.min(query.edns?.payloadBytes ?? 512, query.edns ? ownPayloadBytes : 512);
  const kept = transport === 'udp' ? response.truncate : null;
  if (whole.length <= limitBytes && kept === null) return { bytes: whole, truncated: false, ...contentOf(message.answers) };
  const answers = message.answers.slice(0, kept ?? 0);
  for (;;) {
    const bytes = writeMessage({ ...message, flags: message.flags | TC, answers, authorities: [] });
    if (bytes.length <= limitBytes) return { bytes, truncated: true, ...contentOf(answers) };
    answers.pop();
  }
}

function contentOf(answers: readonly Resource[]): Pick<Encoded, 'addresses' | 'services'> {
  const services = answers.flatMap(({ service }) => service ?? []);
  return { addresses: answers.flatMap(({ address }) => address ?? []), ...(services.length > 0 && { services }) };
}

function messageOf(query: Query, { rcode, records, ttlS, cnames, wrongId, aa, ra, soa }: Response, zone: Zone): Message {
  const code = rcodes[rcode] ?? 2;
  const message: Message = {
    id: wrongId ? query.id ^ 1 : query.id,
    flags: QR | (query.opcode << 11) | (aa ? AA : 0) | (query.recursionDesired ? RD : 0) | (ra ? RA : 0) | (code & 15),
    question: { name: query.name, type: query.typeNumber, class: query.classNumber },
    answers: answersOf(query.name, records, records.length > 0 ? cnames : 0, ttlS ?? zone.ttlS, zone.domain),
    authorities: [],
    // The upper bits of an RCODE above 15 stand in the OPT record (RFC 6891 section 6.1.3).
    additionals: query.edns ? [resource('', types.OPT, ((code >> 4) << 24) >>> 0, () => undefined, ownPayloadBytes)] : [],
  };
  if (!isAnswer(rcode)) return message;
  const isApex = query.name.toLowerCase() === zone.apexOf(query.name);
  if (isApex && query.type === 'SOA') return { ...message, answers: [apexRecords(zone, query.name).soa] };
  if (isApex && query.type === 'NS') return { ...message, answers: [apexRecords(zone, query.name).ns] };
  // NODATA and NXDOMAIN carry the SOA, which says how long the negative answer may be cached (RFC 2308).
  if (soa && records.length === 0) return { ...message, authorities: [apexRecords(zone, query.name).soa] };
  return message;
}

/** The records of a name; with CNAMEs between the name and its records. */
function answersOf(name: string, records: Response['records'], cnames: number, ttlS: number, domain: string): Resource[] {
  const answers: Resource[] = [];
  let owner = name;
  for (let number = 1; number <= cnames; number++) {
    const next = `cname-${number}.${domain}`;
    answers.push(resource(owner, types.CNAME, ttlS, (writer) => { writer.name(next); }));
    owner = next;
  }
  for (const record of records) {
    if (record.type === 'HTTPS') answers.push({ ...resource(owner, types.HTTPS, ttlS, (writer) => { writeService(record, writer); }), service: serviceText(record) });
    else answers.push({ ...resource(owner, types[record.type], ttlS, (writer) => { writer.raw(addressBytes(record.address)); }), address: record.address });
  }
  return answers;
}

/** The SOA and the NS of the zone that a name is in (RFC 1035 section 3.3). The root's have the names and times of the real root. */
function apexRecords(zone: Zone, name: string): { soa: Resource; ns: Resource } {
  const apex = zone.apexOf(name);
  const [primary, admin, ...timesS] =
    apex === '' ? ['a.root-servers.net', 'nstld.verisign-grs.com', 1800, 900, 604_800] as const : [`dns.${apex}`, `hostmaster.${apex}`, 3600, 600, 86_400] as const;
  return {
    soa: resource(apex, types.SOA, zone.ttlS, (writer) => {
      writer.name(primary);
      writer.name(admin);
      for (const number of [serial, ...timesS, zone.ttlS]) writer.long(number);
    }),
    ns: resource(apex, types.NS, zone.ttlS, (writer) => { writer.name(primary); }),
  };
}

function resource(name: string, type: number, ttl: number, write: Resource['write'], recordClass: number = classIn): Resource {
  return { name, type, class: recordClass, ttl, write };
}

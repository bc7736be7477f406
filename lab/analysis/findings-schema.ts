/**
 * The schema of the findings: every field, its type and its unit. `--expect` is checked against it before anything runs. The compiler holds it
 * against the interface `Findings`: a field that is missing here, or has another type, does not compile.
 */
import { accepts, milliseconds, number, oneOf, text, textThat, trueOrFalse, wholeNumber, type Kind } from '../vocabulary/values.ts';
import { createTopology, type BackendName } from '../vocabulary/topology.ts';
import type { Attempt } from './attempts.ts';
import type { RequestFindings } from './by-request.ts';
import type { Findings } from './findings.ts';

/** What a field holds. `mayBeNull`: null says that there was nothing to measure. */
export type Field = { mayBeNull?: true } & (Value | Group | List | Counts);

/** One value. `isOrdered`: it can be less or more than a bound. A time has its unit. */
export interface Value {
  kind: Kind<unknown>;
  isOrdered?: true;
  unit?: 'ms';
}
/** Fields with names. */
export interface Group {
  fields: Record<string, Field>;
}
/** Entries with the indexes 0, 1, 2 and so on. */
export interface List {
  each: Field;
}
/** Counts by a word that only the run decides, such as a status. A word that did not occur has the count 0. */
export interface Counts {
  countsBy: Kind<string>;
}

/** What the schema must have for the type T of a finding. */
type FieldOf<T> = null extends T ? ShapeOf<NonNullable<T>> & { mayBeNull: true } : ShapeOf<T> & { mayBeNull?: never };
type ShapeOf<T> = [T] extends [readonly (infer Each)[]]
  ? { each: FieldOf<Each> }
  : [T] extends [string | number | boolean]
    ? { kind: Kind<T>; isOrdered?: true; unit?: 'ms' }
    : string extends keyof T
      ? { countsBy: Kind<string> }
      : { fields: { [Key in keyof T]: FieldOf<Exclude<T[Key], undefined>> } };

const count = { kind: wholeNumber(), isOrdered: true } as const;
const time = { kind: milliseconds, isOrdered: true, unit: 'ms' } as const;
const ratio = { kind: number, isOrdered: true } as const;
/** Two spellings of an IPv6 address would be two words, so only the spelling of the findings will do (RFC 5952). */
const address = { kind: textThat('an IP address in its short form, such as 2001:db8:1::11', isShortAddress) };

/** A URL writes an address in its short form (URL Standard, host serializer). node:net does so too, but a browser does not have it. */
function isShortAddress(word: string): boolean {
  if (!/^([\d.]+|[\da-f:]+)$/.test(word)) return false;
  const host = word.includes(':') ? `[${word}]` : word;
  return URL.canParse(`http://${host}`) && new URL(`http://${host}`).hostname === host;
}

function orNull<const T extends object>(field: T): T & { mayBeNull: true } {
  return { ...field, mayBeNull: true };
}

/** The outcomes of an attempt that are words. Any other outcome is the kernel's error code. */
const outcomes = ['connected', 'refused', 'given up', 'aborted', 'open', 'unreachable', 'silent'];

const request = (backends: readonly BackendName[]) => ({
  fields: {
    ms: orNull(time),
    backend: orNull({ kind: oneOf(backends) }),
    status: orNull({ kind: wholeNumber(100, 999), isOrdered: true }),
    error: orNull({ kind: text }),
    lookups: orNull(count),
    attempts: count,
    sent: orNull(count),
  },
}) satisfies FieldOf<RequestFindings>;

const attempt = {
  fields: {
    request: count,
    dial: count,
    address,
    family: { kind: oneOf([4, 6]) },
    startMs: time,
    endMs: orNull(time),
    outcome: { kind: textThat(`one of ${outcomes.join(', ')}, or an error code such as EHOSTUNREACH`, (word) => outcomes.includes(word) || /^[A-Z][A-Z0-9_]+$/.test(word)) },
    synCount: orNull(count),
    synsMs: { mayBeNull: true, each: time },
    localPort: orNull(count),
    requests: orNull(count),
  },
} satisfies FieldOf<Attempt>;

/** Returns the schema of the findings of a lab with these backends. */
export function findingsSchemaFor(backends: readonly BackendName[]): Group {
  return {
    fields: {
      requests: { fields: { sent: count, ok: count, failed: count } },
      statuses: { countsBy: textThat('a status such as 503, or `unknown`', (word) => /^([1-9]\d\d|unknown)$/.test(word)) },
      byRequest: { each: request(backends) },
      perBackend: { fields: Object.fromEntries(backends.map((name) => [name, count])) },
      connections: { fields: { opened: count, reused: count } },
      dnsQueries: { fields: { A: count, AAAA: count } },
      resolver: { mayBeNull: true, fields: { questions: count, fromCache: count, forwarded: count } },
      queryOrder: orNull({ kind: textThat('query types such as A AAAA', (word) => /^[A-Z]+\d*( [A-Z]+\d*)*$/.test(word)) }),
      attempts: { each: attempt },
      addressesTried: { each: address },
      perFamily: { fields: { IPv4: count, IPv6: count } },
      attemptsKept: orNull({ kind: trueOrFalse }),
      fallbackDelayMs: orNull(time),
      nextAddressDelayMs: orNull(time),
      resolutionDelayMs: orNull(time),
      requestsOnWire: orNull(count),
      repeated: { mayBeNull: true, fields: { GET: count, PUT: count, POST: count } },
      retransmissions: { mayBeNull: true, fields: { syn: count, data: count } },
      tlsHandshakes: orNull(count),
      resumed: orNull(count),
      handshakeMs: orNull(time),
      streamsPerConnection: { each: count },
      answerOrder: { mayBeNull: true, fields: { dials: count, firstAddress: count } },
      reResolutions: count,
      recoveryMs: orNull(time),
      returnMs: orNull(time),
      skew: { fields: { maxOverFair: orNull(ratio), jainIndex: orNull(ratio), chi2p: orNull(ratio) } },
    },
  } satisfies FieldOf<Findings>;
}

/** The schema for a lab with the usual number of backends. */
export const findingsSchema = findingsSchemaFor(createTopology().backends);

/** Returns what the field holds under the name, index or word `key`, or undefined if the field has nothing of that name. */
export function fieldBelow(field: Field, key: string): Field | undefined {
  if ('fields' in field) return Object.hasOwn(field.fields, key) ? field.fields[key] : undefined;
  if ('each' in field) return key === 'length' ? count : /^(0|[1-9]\d*)$/.test(key) ? orNull(field.each) : undefined;
  // If a client does not tell the status of a response, it is not known how many responses had each status.
  if ('countsBy' in field) return accepts(field.countsBy, key) ? orNull(count) : undefined;
  return undefined;
}

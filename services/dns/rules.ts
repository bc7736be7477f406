/**
 * Rules for some of the queries. A rule names the queries, by name, type and client address and as a percentage of them, and the effect on their
 * answers. Several rules may apply to one query; their effects add up.
 */
import { seededRandom, type Random } from '../../lab/vocabulary/random.ts';
import { webNameOf } from '../../lab/vocabulary/https-record.ts';
import { flag, listOf, oneOf, orNull, readValue, someOf, text, wholeNumber } from '../../lab/vocabulary/values.ts';
import { anyAddress } from './records.ts';
import { rcodeNames } from '../../lab/vocabulary/rcodes.ts';

/** The queries that a rule applies to. A field that is null excludes no query. */
export interface Match {
  /** The name in the query. An HTTPS query for the name may have a port before it (RFC 9460 section 9.1), and is hit, too. */
  name: string | null;
  type: string | null;
  /** Source addresses. */
  clients: readonly string[] | null;
  /** The share of the queries that the rule applies to, by a seeded draw for each client address. */
  percent: number;
}

export interface Effect {
  /** No answer at all. */
  drop: boolean;
  /** Delay of the answer. */
  delayMs: number;
  /** The RCODE of the answer, which then has no record; null leaves the answer as it is. */
  rcode: string | null;
  /** NOERROR without a record: the name exists, the type does not (RFC 2308 section 2.2). */
  nodata: boolean;
  /** Over UDP the answer has TC set and only so many of its records; over TCP it is whole (RFC 7766 section 5). Null: it is not truncated. */
  truncate: number | null;
  /** The flags AA and RA of the answer (RFC 1035 section 4.1.1); null for the zone's. */
  aa: boolean | null;
  ra: boolean | null;
  /** Whether an answer without a record has the SOA (RFC 2308 section 3); null for the zone's. */
  soa: boolean | null;
  /** The id of the answer differs from the id of the query. */
  wrongId: boolean;
  /** How many times the answer is sent. */
  copies: number;
  /** TTL of the records, or null for the zone's. */
  ttlS: number | null;
  /** Number of CNAMEs between the name and its addresses (RFC 1034 section 3.6.2). */
  cnames: number;
  /** Addresses without a record. They are removed before the filters, so that the filters choose among the others. */
  omit: readonly string[];
  /** Addresses that replace the first ones of an answer of their family. */
  insert: readonly string[];
}

export interface Rule {
  id: string;
  match: Match;
  effect: Effect;
}

export const anyQuery: Readonly<Match> = { name: null, type: null, clients: null, percent: 100 };
export const noEffect: Readonly<Effect> = {
  drop: false, delayMs: 0, rcode: null, nodata: false, truncate: null, aa: null, ra: null, soa: null, wrongId: false, copies: 1, ttlS: null,
  cnames: 0, omit: [], insert: [],
};

export class Rules {
  readonly #seed: string;
  readonly #rules = new Map<string, Rule & { draws: Map<string, Random> }>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** Sets a rule. A rule of the same id is replaced, and its draws begin again. */
  set({ id, match, effect }: { id: string; match: Partial<Match>; effect: Partial<Effect> }): Rule {
    const rule = { id, match: { ...anyQuery, ...match }, effect: { ...noEffect, ...effect }, draws: new Map<string, Random>() };
    this.#rules.set(id, rule);
    return rule;
  }

  remove(id: string): void {
    this.#rules.delete(id);
  }

  get(id: string): Rule | undefined {
    return this.#rules.get(id);
  }

  get all(): Rule[] {
    return [...this.#rules.values()].map(({ id, match, effect }) => ({ id, match, effect }));
  }

  /** The sum of the effects of all rules that apply to this query, and the ids of these rules. */
  effectOn({ name, type, from }: { name: string; type: string; from: string }): { effect: Effect; ids: string[] } {
    const ids: string[] = [];
    let effect: Effect = noEffect;
    const key = name.toLowerCase();
    const webName = type === 'HTTPS' ? webNameOf(key) : key;
    for (const rule of this.#rules.values()) {
      const { match } = rule;
      if (match.name !== null && match.name !== key && match.name !== webName) continue;
      if (match.type !== null && match.type !== type) continue;
      if (match.clients !== null && !match.clients.includes(from)) continue;
      if (match.percent < 100) {
        const random = rule.draws.get(from) ?? seededRandom(`${this.#seed}:${rule.id}:${from}`);
        rule.draws.set(from, random);
        if (random() * 100 >= match.percent) continue;
      }
      ids.push(rule.id);
      effect = both(effect, rule.effect);
    }
    return { effect, ids };
  }
}

/** Times and numbers add up. Of two RCODEs, TTLs, flags or truncations the later one counts. */
function both(one: Effect, other: Effect): Effect {
  return {
    drop: one.drop || other.drop,
    delayMs: one.delayMs + other.delayMs,
    rcode: other.rcode ?? one.rcode,
    nodata: one.nodata || other.nodata,
    truncate: other.truncate ?? one.truncate,
    aa: other.aa ?? one.aa,
    ra: other.ra ?? one.ra,
    soa: other.soa ?? one.soa,
    wrongId: one.wrongId || other.wrongId,
    copies: one.copies + other.copies - 1,
    ttlS: other.ttlS ?? one.ttlS,
    cnames: one.cnames + other.cnames,
    omit: [...one.omit, ...other.omit],
    insert: [...one.insert, ...other.insert],
  };
}

/** How many records a truncated answer keeps. */
export const truncationKind = wholeNumber(0, 1000);
export const matchFields = { name: orNull(text), type: orNull(text), clients: orNull(listOf(text)), percent: wholeNumber(0, 100) };
export const effectFields = {
  drop: flag,
  delayMs: wholeNumber(0, 600_000),
  rcode: orNull(oneOf(rcodeNames)),
  nodata: flag,
  truncate: orNull(truncationKind),
  aa: orNull(flag),
  ra: orNull(flag),
  soa: orNull(flag),
  wrongId: flag,
  copies: wholeNumber(0, 100),
  ttlS: orNull(wholeNumber(0, 2 ** 31 - 1)),
  cnames: wholeNumber(0, 16),
  omit: listOf(text),
  insert: listOf(anyAddress),
};
const matchKind = someOf<Match>(matchFields);
const effectKind = someOf<Effect>(effectFields);

/** @throws {LabError} BAD_INPUT that names the field, what was expected and what was seen. */
export function parseRule({ id, match = {}, effect = {} }: Record<string, unknown>): { id: string; match: Partial<Match>; effect: Partial<Effect> } {
  return { id: readValue(text, id, 'id'), match: readValue(matchKind, match, 'match'), effect: readValue(effectKind, effect, 'effect') };
}

/** `A queries for web.lab.test from 198.51.100.200: drop true`. */
export function ruleText({ match: { name, type, clients, percent }, effect }: Rule): string {
  const which = [type ?? 'all', 'queries', ...(name === null ? [] : ['for', name]), ...(clients === null ? [] : ['from', ...clients]), ...(percent < 100 ? [`(${percent} %)`] : [])];
  const changes = Object.entries(effect).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(noEffect[key as keyof Effect]));
  return `${which.join(' ')}: ${changes.map(([key, value]) => `${key} ${String(value)}`).join(', ') || 'nothing'}`;
}

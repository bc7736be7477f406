/**
 * Rules: what happens to some queries and not to others. A rule says which ones, by name, type and client address, and how many of
 * a hundred of them, and what becomes of these. Several may apply to one query; their effects add up.
 */
import { seededRandom, type Random } from '../../lab/vocabulary/random.ts';
import { expectEach, expectFlag, expectInteger, expectOneOf, expectText, type Expectation } from '../expect.ts';
import { rcodeNames } from '../../lab/vocabulary/rcodes.ts';

/** Which queries; what is null does not matter. */
export interface Match {
  name: string | null;
  type: string | null;
  /** Source addresses. */
  clients: readonly string[] | null;
  /** How many of a hundred, by a seeded draw for each client address. */
  percent: number;
}

export interface Effect {
  /** No answer at all. */
  drop: boolean;
  /** The answer comes that much later. */
  delayMs: number;
  /** An RCODE to answer with, and no record. */
  rcode: string | null;
  /** NOERROR without a record: the name exists, the type does not (RFC 2308 section 2.2). */
  nodata: boolean;
  /** Over UDP an empty answer with TC set, whatever its size; whole over TCP (RFC 7766 section 5). */
  truncate: boolean;
  /** The answer carries another id than the query. */
  wrongId: boolean;
  /** How often the answer is sent. */
  copies: number;
  /** TTL of the records, or null for the zone's. */
  ttlS: number | null;
  /** How many CNAMEs lead from the name to its addresses (RFC 1034 section 3.6.2). */
  cnames: number;
  /** Addresses that are left out, as if their records had been removed; before the filters, which fill up with others. */
  omit: readonly string[];
  /** Addresses that stand in an answer of their family, at its head, in place of what the zone has there. */
  insert: readonly string[];
}

export interface Rule {
  id: string;
  match: Match;
  effect: Effect;
}

export const anyQuery: Readonly<Match> = { name: null, type: null, clients: null, percent: 100 };
export const noEffect: Readonly<Effect> = {
  drop: false, delayMs: 0, rcode: null, nodata: false, truncate: false, wrongId: false, copies: 1, ttlS: null, cnames: 0, omit: [], insert: [],
};

export class Rules {
  readonly #seed: string;
  readonly #rules = new Map<string, Rule & { draws: Map<string, Random> }>();

  constructor(seed: string) {
    this.#seed = seed;
  }

  /** A rule of that id begins anew, its draws too. */
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

  /** What becomes of one query: the effects of all rules that it falls under, and their ids. */
  effectOn({ name, type, from }: { name: string; type: string; from: string }): { effect: Effect; ids: string[] } {
    const ids: string[] = [];
    let effect: Effect = noEffect;
    for (const rule of this.#rules.values()) {
      const { match } = rule;
      if (match.name !== null && match.name !== name.toLowerCase()) continue;
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

/** Times and numbers add up; of two words the later one counts. */
function both(one: Effect, other: Effect): Effect {
  return {
    drop: one.drop || other.drop,
    delayMs: one.delayMs + other.delayMs,
    rcode: other.rcode ?? one.rcode,
    nodata: one.nodata || other.nodata,
    truncate: one.truncate || other.truncate,
    wrongId: one.wrongId || other.wrongId,
    copies: one.copies + other.copies - 1,
    ttlS: other.ttlS ?? one.ttlS,
    cnames: one.cnames + other.cnames,
    omit: [...one.omit, ...other.omit],
    insert: [...one.insert, ...other.insert],
  };
}

const texts: Expectation = (key, value) => {
  if (!Array.isArray(value)) throw new Error(`Expected \`${key}\` to be a list, got ${JSON.stringify(value)}.`);
  for (const each of value as unknown[]) expectText(key, each);
};
const flag: Expectation = (key, value) => { expectFlag(value, key); };
const integer = (max: number): Expectation => (key, value) => { expectInteger(key, value, max); };
const orNull = (expectation: Expectation): Expectation => (key, value) => { if (value !== null) expectation(key, value); };

const matchFields: Record<keyof Match, Expectation> = { name: orNull(expectText), type: orNull(expectText), clients: orNull(texts), percent: integer(100) };
const effectFields: Record<keyof Effect, Expectation> = {
  drop: flag,
  delayMs: integer(600_000),
  rcode: orNull((key, value) => { expectOneOf(key, value, rcodeNames); }),
  nodata: flag,
  truncate: flag,
  wrongId: flag,
  copies: integer(100),
  ttlS: orNull(integer(2 ** 31 - 1)),
  cnames: integer(16),
  omit: texts,
  insert: texts,
};

/** @throws {Error} naming the field, what was expected and what was seen. */
export function parseRule({ id, match, effect }: Record<string, unknown>): { id: string; match: Partial<Match>; effect: Partial<Effect> } {
  return { id: expectText('id', id), match: expectEach('match', match ?? {}, matchFields), effect: expectEach('effect', effect ?? {}, effectFields) };
}

/** `A queries for web.lab.test from 198.51.100.200: drop true`. */
export function ruleText({ match: { name, type, clients, percent }, effect }: Rule): string {
  const which = [type ?? 'all', 'queries', ...(name === null ? [] : ['for', name]), ...(clients === null ? [] : ['from', ...clients]), ...(percent < 100 ? [`(${percent} %)`] : [])];
  const changes = Object.entries(effect).filter(([key, value]) => JSON.stringify(value) !== JSON.stringify(noEffect[key as keyof Effect]));
  return `${which.join(' ')}: ${changes.map(([key, value]) => `${key} ${String(value)}`).join(', ') || 'nothing'}`;
}

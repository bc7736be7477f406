/** What the matrix says, in words: the question of each failure, and which clients answer it alike. Every word comes from the measurements. */
import { alike, atOnceMs, isSteady, kindOf, outcomeKinds, type Cell, type CellOutcome, type OutcomeKind } from '../../analysis/cells.ts';
import { duration } from '../../picture/model.ts';
import { cellText, rangeText, wordsOf } from './cell-text.ts';
import { cellAt, measuredClients, type Matrix, type MatrixFailure } from './matrix.ts';

/** Clients that did the same. */
export interface Answer {
  /** What they did: `after 252 to 301 ms`. */
  what: string;
  /** Which clients: names, and after those that have one a note, such as the error. Null names: all of them, or all others. */
  clients: { names: string[]; note: string | null }[];
  count: number;
  /** `all` measured clients did this, or all `other` ones than those that stand in the other answers. Then there is no need to name them. */
  isRest: 'all' | 'other' | null;
}

export interface Summary {
  failure: MatrixFailure;
  answers: Answer[];
}

/** Answers the question of each failure. */
export function summariesOf(matrix: Matrix): Summary[] {
  return matrix.groups.flatMap(({ failures }) => failures.map((failure) => ({ failure, answers: answersOf(matrix, failure) })));
}

interface Said {
  client: string;
  /** Clients with the same text did the same. */
  what: string;
  note: string | null;
}

function answersOf(matrix: Matrix, failure: MatrixFailure): Answer[] {
  const isSame = ({ outcomes: [first, ...others] }: Cell): boolean => first !== undefined && others.length === 0 && (failure.groupBy === 'remark' || isSteady(first));
  const cells = measuredClients(matrix).flatMap(({ name }) => cellAt(matrix, name, failure.name) ?? []);
  const plain = cells.flatMap((cell) => (isSame(cell) && cell.outcomes[0] ? [{ cell, outcome: cell.outcomes[0] }] : []));
  const said = [
    ...outcomeKinds.flatMap((kind) => ofKind(plain.filter(({ outcome }) => kindOf(outcome.outcome) === kind), kind, failure.groupBy, matrix.patienceMs)),
    ...cells.filter((cell) => cell.outcomes.length > 0 && !isSame(cell)).map((cell): Said => ({ client: cell.client, what: 'not the same in each run', note: cellText(cell) })),
    ...cells.filter(({ outcomes }) => outcomes.length === 0).map((cell): Said => ({ client: cell.client, what: 'not measured: no run showed the failure', note: null })),
  ];
  return named([...Map.groupBy(said, ({ what }) => what)], cells.length);
}

/** What the clients of one kind did, in the order of the times, or the most frequent remark first. */
function ofKind(all: readonly { cell: Cell; outcome: CellOutcome }[], kind: OutcomeKind, groupBy: 'time' | 'remark', patienceMs: number): Said[] {
  const noteOf = (outcome: CellOutcome): string | null => wordsOf(outcome).error;
  if (kind === 'cannot') return all.map(({ cell, outcome }): Said => ({ client: cell.client, what: outcome.outcome, note: null }));
  if (groupBy === 'remark') {
    const groups = [...Map.groupBy(all, ({ outcome }) => outcome.remarks.join('; '))].sort(([, one], [, other]) => other.length - one.length);
    return groups.flatMap(([remark, members]) => members.map(({ cell, outcome }) => ({ client: cell.client, what: `${kindText(kind, patienceMs)}${remark === '' ? '' : ` (${remark})`}`, note: noteOf(outcome) })));
  }
  const timed = all.flatMap(({ cell, outcome }) => (outcome.medianMs === null ? [] : [{ client: cell.client, ms: outcome.medianMs, note: noteOf(outcome) }]));
  const lead = kind === 'answered' ? '' : `${kindText(kind, patienceMs)}, `;
  return [
    ...clustersOf(timed).flatMap((cluster) => timed.filter((each) => cluster.includes(each)).map(({ client, note }): Said => ({ client, what: `${lead}${timesText(cluster.map(({ ms }) => ms))}`, note }))),
    ...all.filter(({ outcome }) => outcome.medianMs === null).map(({ cell, outcome }): Said => {
      const remark = kind === 'answered' ? outcome.remarks.join('; ') || 'nothing to measure' : '';
      return { client: cell.client, what: `${kindText(kind, patienceMs)}${remark === '' ? '' : ` (${remark})`}`, note: noteOf(outcome) };
    }),
  ];
}

/** A client that is still waiting when the lab stops may get its answer later. So this says how long the lab waited. */
function kindText(kind: Exclude<OutcomeKind, 'cannot'>, patienceMs: number): string {
  return kind === 'answered' ? 'answered' : kind === 'error' ? 'an error' : `neither answer nor error within the ${patienceMs / 1_000} s that the lab waited`;
}

/** Puts times together that lie close to each other. The result is in order of time. */
function clustersOf<T extends { ms: number }>(timed: readonly T[]): T[][] {
  const clusters: T[][] = [];
  for (const each of timed.toSorted((one, other) => one.ms - other.ms)) {
    const last = clusters.at(-1);
    const beforeMs = last?.at(-1)?.ms ?? 0;
    if (last && (each.ms < atOnceMs || (beforeMs >= atOnceMs && each.ms <= beforeMs * alike))) last.push(each);
    else clusters.push([each]);
  }
  return clusters;
}

function timesText(times: readonly number[]): string {
  const [least, most] = [Math.min(...times), Math.max(...times)];
  if (most < atOnceMs) return `within ${duration(atOnceMs)}`;
  return `after ${rangeText(least, most)}`;
}

/** Names the clients of each answer. The names of the largest group can be left out if it has more than half of all clients. */
function named(groups: readonly (readonly [string, Said[]])[], total: number): Answer[] {
  const rest = groups.find(([, members]) => members.length > total / 2 && members.length > fewNames);
  return groups.map(([what, members]) => ({
    what,
    clients: [...Map.groupBy(members, ({ note }) => note)].map(([note, those]) => ({ names: those.map(({ client }) => client), note })),
    count: members.length,
    isRest: members.length === total && total > 1 ? 'all' : rest?.[0] === what ? 'other' : null,
  }));
}

/** So few names are always written. */
const fewNames = 4;

/** The clients of an answer as text: `curl`, `php` (…). `code` writes a name, and `plain` any other text. */
export function clientsText({ clients, count, isRest }: Answer, code: (name: string) => string, plain: (text: string) => string): string {
  if (isRest !== null) return isRest === 'other' ? `the other ${count} clients` : count === 2 ? 'both clients' : `all ${count} clients`;
  return clients.map(({ names, note }) => `${names.map(code).join(', ')}${note === null ? '' : ` (${plain(note)})`}`).join(', ');
}

/** What is not as it was in an older matrix: the cells in which a client now does something else. */
import { areAlike, essenceOf, type Cell } from '../../analysis/cells.ts';
import { cellText } from './cell-text.ts';
import { cellAt, measuredClients, type Matrix, type MatrixFailure } from './matrix.ts';

/** A cell that is not as it was. */
export interface Change {
  client: string;
  /** The versions of the client then and now. */
  versions: { before: string | null; after: string | null };
  failure: MatrixFailure;
  /** The texts of the cell then and now. */
  before: string;
  after: string;
}

/** The changes since an older matrix, whose measurement began at `since` (ISO 8601). */
export interface Changes {
  since: string;
  list: readonly Change[];
}

/**
 * Returns the cells of both matrices that differ: in an outcome, in all of their remarks, or in a time by more than times on different machines do. A remark that some
 * runs had then, and some have now, is what the client does now and then. A cell of only one of them is no change.
 */
export function changesOf(before: Matrix, after: Matrix): Change[] {
  return measuredClients(after).flatMap(({ name }) =>
    after.groups.flatMap(({ failures }) =>
      failures.flatMap((failure): Change[] => {
        const [then, now] = [cellAt(before, name, failure.name), cellAt(after, name, failure.name)];
        if (!then || !now || isSame(then, now)) return [];
        return [{ client: name, versions: { before: then.version, after: now.version }, failure, before: cellText(then), after: cellText(now) }];
      })));
}

/** Runs that showed nothing say nothing about the client, so they are not compared. */
function isSame(one: Cell, other: Cell): boolean {
  if (one.outcomes.length === 0 || other.outcomes.length === 0) return true;
  if (one.outcomes.length !== other.outcomes.length) return false;
  return one.outcomes.every((then) => {
    const now = other.outcomes.find(({ outcome }) => essenceOf(outcome) === essenceOf(then.outcome));
    return now !== undefined && haveOneInCommon(then.remarks, now.remarks) && areAlike(then, now);
  });
}

function haveOneInCommon(some: readonly string[], others: readonly string[]): boolean {
  return some.length === 0 ? others.length === 0 : some.some((each) => others.includes(each));
}

/** The changes as lines for a terminal. */
export function changeLines({ since, list }: Changes): string[] {
  if (list.length === 0) return ['', `No cell has changed since ${since.slice(0, 10)}.`];
  return ['', `Changed since ${since.slice(0, 10)}:`, ...list.map((change) => `  ${change.client}${versionsText(change)}, ${change.failure.title}: ${change.before} → ${change.after}`)];
}

/** ` 22.1.0 → 22.2.0`; empty where the version is the same. */
export function versionsText({ versions: { before, after } }: Change): string {
  return before === after ? '' : ` ${before ?? '?'} → ${after ?? '?'}`;
}

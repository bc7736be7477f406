/** The words of a cell of the matrix: the same on the terminal, in docs/matrix.md and in matrix.html. */
import { isSteady, kindOf, type Cell, type CellOutcome, type OutcomeKind } from '../../analysis/cells.ts';
import { duration } from '../../picture/model.ts';
import { printable } from '../../vocabulary/printable.ts';

/** Returns the text of a cell: `251 ms ±1, first aborted` has the median and half of the spread, and `0.4 to 199 ms` times that no timer explains together. `?` stands for a run that showed nothing, and `–` for one that was not made. */
export function cellText({ outcomes, unknown, missing = 0 }: Cell): string {
  const parts = outcomes.map((each) => `${outcomes.length > 1 ? `${each.count}× ` : ''}${outcomeText(each)}`);
  return [...parts, ...(unknown > 0 ? [`${unknown}× ?`] : []), ...(missing > 0 ? [`${missing}× –`] : [])].join('; ') || '–';
}

function outcomeText(each: CellOutcome): string {
  const { kind, error, time, spread, remarks } = wordsOf(each);
  const words = [...(kind === 'answered' ? [] : [error ?? each.outcome]), ...(time === null ? [] : [spread === null ? time : `${time} ${spread}`]), ...remarks];
  return words.join(', ') || kind;
}

/** The parts of an outcome. */
export interface OutcomeWords {
  kind: OutcomeKind;
  /** The error that the caller got, or what the client lacks, not too long for a cell. Null without one. */
  error: string | null;
  /** The median, or from the least to the greatest if the times are not alike. Null if this client did nothing that can be measured. */
  time: string | null;
  /** Half of the spread around the median: `±5.3 ms`. Null if it is too small to tell something about the client. */
  spread: string | null;
  remarks: readonly string[];
}

export function wordsOf(of: CellOutcome): OutcomeWords {
  const { outcome, medianMs, minMs, maxMs, remarks } = of;
  const kind = kindOf(outcome);
  const spreadMs = ((maxMs ?? 0) - (minMs ?? 0)) / 2;
  const hasMedian = medianMs !== null && isSteady(of);
  return {
    kind,
    error: kind === 'error' || kind === 'cannot' ? shortened(outcome) : null,
    time: hasMedian ? duration(medianMs) : minMs === null || maxMs === null ? null : rangeText(minMs, maxMs),
    spread: hasMedian && spreadMs >= spreadWorthTellingMs ? `±${duration(spreadMs)}` : null,
    remarks,
  };
}

/** `0.4 to 199 ms`, `980 ms to 1.20 s`, or one time if both have the same text. */
export function rangeText(fromMs: number, toMs: number): string {
  const [from, to] = [duration(fromMs), duration(toMs)];
  if (from === to) return to;
  const unit = ` ${to.split(' ')[1] ?? ''}`;
  return `${from.endsWith(unit) ? from.slice(0, -unit.length) : from} to ${to}`;
}

/** A smaller spread comes from the scheduler and says nothing about the client. */
const spreadWorthTellingMs = 1;

/** What a client wrote can have line ends in it, and any other character. */
function shortened(text: string): string {
  const outcome = printable(text);
  return outcome.length > longestOutcome ? `${outcome.slice(0, longestOutcome - 1)}…` : outcome;
}

const longestOutcome = 32;

/** What the number of runs says about the cells. */
export function runsText(repeat: number): string {
  return repeat === 1 ? '1' : `${repeat}. A cell shows their median, and half of their spread if that is a millisecond or more. Times that are not alike stand as they are: from the least to the greatest`;
}

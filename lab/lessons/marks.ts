/** Times that a learner has marked, held against the true ones. */

/** A true time, the mark that is nearest to it, and whether that mark is near enough. */
export interface JudgedMark {
  trueMs: number;
  markMs: number | null;
  isNear: boolean;
}

export interface JudgedMarks {
  times: JudgedMark[];
  /** The marks that are near to no time. */
  tooMany: number[];
}

/** Each mark belongs to one time: the nearest one that is within `withinMs` of it. */
export function judgeTimes(trueMs: readonly number[], withinMs: number, marksMs: readonly number[]): JudgedMarks {
  const left = new Set(marksMs);
  const times = trueMs.map((trueMs) => {
    const [markMs] = [...left].sort((one, other) => Math.abs(one - trueMs) - Math.abs(other - trueMs));
    const isNear = markMs !== undefined && Math.abs(markMs - trueMs) <= withinMs;
    if (isNear) left.delete(markMs);
    return { trueMs, markMs: isNear ? markMs : null, isNear };
  });
  return { times, tooMany: [...left] };
}

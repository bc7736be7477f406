/** Finds the name that somebody may have meant. */

/**
 * Returns the known name that is nearest to `name`, or undefined if none is near: more than a third of the letters would have to change. The
 * distance counts two swapped letters as one change. It has no regard to upper and lower case.
 */
export function nearestName(name: string, known: readonly string[]): string | undefined {
  const [nearest] = known
    .map((each) => ({ each, distance: distanceOf(name.toLowerCase(), each.toLowerCase()) }))
    .filter(({ each, distance }) => distance <= Math.max(1, Math.max(name.length, each.length) / 3))
    .sort((one, other) => one.distance - other.distance);
  return nearest?.each;
}

/** Ends the message about an unknown name: `` Did you mean `x`?``, with the blank before it. Empty if no known name is near. */
export function didYouMean(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : ` Did you mean \`${nearest}\`?`;
}

/** How many letters must be added, removed, replaced or swapped with the next one to make one word of the other (optimal string alignment). */
function distanceOf(one: string, other: string): number {
  const [from, to] = [Array.from(one), Array.from(other)];
  let [before, previous]: [number[], number[]] = [[], [...to.keys(), to.length]];
  for (const [row, letter] of from.entries()) {
    const current = [row + 1];
    for (const [column, otherLetter] of to.entries()) {
      const isSwapped = letter === to[column - 1] && from[row - 1] === otherLetter;
      const swapped = isSwapped ? (before[column - 1] ?? 0) + 1 : Infinity;
      current.push(Math.min((previous[column] ?? 0) + (letter === otherLetter ? 0 : 1), (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1, swapped));
    }
    [before, previous] = [previous, current];
  }
  return previous[to.length] ?? 0;
}

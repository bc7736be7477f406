/** Finds the name that somebody may have meant. */

/**
 * Returns the known name that is nearest to `name`, or undefined if none is near: more than a third of the letters would have to change. The
 * distance is Levenshtein's, without regard to upper and lower case.
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

/** How many letters must be added, removed or replaced to make one word of the other. */
function distanceOf(one: string, other: string): number {
  let previous = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (const [row, letter] of Array.from(one).entries()) {
    const current = [row + 1];
    for (const [column, otherLetter] of Array.from(other).entries()) {
      current.push(Math.min((previous[column] ?? 0) + (letter === otherLetter ? 0 : 1), (previous[column + 1] ?? 0) + 1, (current[column] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[other.length] ?? 0;
}

/** How many times each word is there, in the order of first appearance. */
export function countBy(words: readonly string[]): Record<string, number> {
  return Object.fromEntries([...Map.groupBy(words, (word) => word)].map(([word, each]) => [word, each.length]));
}

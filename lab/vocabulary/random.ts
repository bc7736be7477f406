/** A seeded stream of numbers in [0, 1). The same seed repeats the same numbers, and so the same shuffled answers. */
export type Random = () => number;

/**
 * Returns the stream of `seed`. The generator is Mulberry32 (public domain, Tommy Ettinger). It has 32 bits of state and passes gjrand,
 * which is far more than a shuffle of three needs.
 */
export function seededRandom(seed: string): Random {
  let state = hash(seed);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let word = Math.imul(state ^ (state >>> 15), 1 | state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return ((word ^ (word >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Returns the items in a random order. Every order is equally likely (Fisher–Yates). */
export function shuffled<Item>(items: readonly Item[], random: Random): Item[] {
  const result = [...items];
  for (let last = result.length - 1; last > 0; last--) {
    const other = Math.floor(random() * (last + 1));
    const kept = result[last] as Item;
    result[last] = result[other] as Item;
    result[other] = kept;
  }
  return result;
}

/** FNV-1a. Similar seeds ("1:A", "1:AAAA") get very different states. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (const byte of Buffer.from(text)) value = Math.imul(value ^ byte, 0x01000193);
  return value;
}

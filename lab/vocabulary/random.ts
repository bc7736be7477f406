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

/**
 * Returns the stream of `seed` for simulations, which draw up to some 10^9 numbers. The streams of `seededRandom` are pieces of one circle of 2^32
 * numbers, so long streams of two seeds would overlap. This generator is sfc32 (public domain, Chris Doty-Humphrey, PractRand): 128 bits of state.
 */
export function longRandom(seed: string): Random {
  let [one, two, three, count] = [hash(`${seed}:1`), hash(`${seed}:2`), hash(`${seed}:3`), 1];
  const next = (): number => {
    const sum = (((one + two) | 0) + count) | 0;
    count = (count + 1) | 0;
    one = two ^ (two >>> 9);
    two = (three + (three << 3)) | 0;
    three = (((three << 21) | (three >>> 11)) + sum) | 0;
    return (sum >>> 0) / 2 ** 32;
  };
  // The first numbers still show how alike two seeds are. PractRand drops 12 of them, too.
  for (let dropped = 0; dropped < 12; dropped++) next();
  return next;
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

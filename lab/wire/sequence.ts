/** Sequence numbers and timestamps of TCP. Both wrap around at 2^32 (RFC 9293 section 3.4, RFC 7323 section 5.2). */

/** Returns how far `later` is after `earlier`. Negative if it is before it. */
export function distance(earlier: number, later: number): number {
  return (later - earlier) | 0;
}

/** What an overloaded or broken application does; the lab changes it while the backend runs. */

/** How a connection is ended: in order (FIN), or with a reset (RST, RFC 9293 section 3.10.7.4). */
export const endings = ['fin', 'rst'] as const;
export type Ending = (typeof endings)[number];

export interface Behaviour {
  /** Time between a request's arrival and its response. */
  delayMs: number;
  status: number;
  /** How many of a hundred requests get `status`, by a seeded draw; the others get 200. */
  statusPercent: number;
  /** `Retry-After` in seconds with every status but 200 (RFC 9110 section 10.2.3); 0 for no such header. */
  retryAfterS: number;
  /** The first n requests of each client address for each URL get 503. Counted, and drawn, from the moment that this or `statusPercent` is set. */
  failFirst: number;
  /** Send the headers and half of the body, then nothing more. */
  stall: boolean;
  /** Send the headers and half of the body, then end the connection. */
  truncate: Ending | 'none';
  /** Send the body in single pieces, spread over this time. */
  dribbleMs: number;
  /** What is no HTTP: instead of the status line, or instead of the length of a chunk. The connection ends with it. */
  malformed: 'status-line' | 'chunk' | 'none';
  /** End the connection without a byte of response. */
  empty: Ending | 'none';
  /** The same, but only where the connection has served a request before: an idle connection that ends as the next request arrives. */
  closeReused: Ending | 'none';
  /** Close the connection with the n-th response on it (`Connection: close`); 0 for never. */
  closeAfter: number;
}

export const healthy: Readonly<Behaviour> = {
  delayMs: 0,
  status: 200,
  statusPercent: 100,
  retryAfterS: 0,
  failFirst: 0,
  stall: false,
  truncate: 'none',
  dribbleMs: 0,
  malformed: 'none',
  empty: 'none',
  closeReused: 'none',
  closeAfter: 0,
};

interface Kind {
  expected: string;
  fits: (value: unknown) => boolean;
}

const wholeNumber = (min: number, max: number): Kind => ({
  expected: `a whole number from ${min} to ${max}`,
  fits: (value) => typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max,
});
const oneOf = (...words: readonly string[]): Kind => ({ expected: `one of ${words.join(', ')}`, fits: (value) => words.includes(value as string) });

const kinds: Record<keyof Behaviour, Kind> = {
  delayMs: wholeNumber(0, 600_000),
  status: wholeNumber(200, 599),
  statusPercent: wholeNumber(0, 100),
  retryAfterS: wholeNumber(0, 600_000),
  failFirst: wholeNumber(0, 600_000),
  stall: { expected: 'true or false', fits: (value) => typeof value === 'boolean' },
  truncate: oneOf(...endings, 'none'),
  dribbleMs: wholeNumber(0, 600_000),
  malformed: oneOf('status-line', 'chunk', 'none'),
  empty: oneOf(...endings, 'none'),
  closeReused: oneOf(...endings, 'none'),
  closeAfter: wholeNumber(0, 600_000),
};

/**
 * `behaviour` with `change` applied.
 * @throws {Error} naming the field, what was expected and what was seen.
 */
export function changeBehaviour(behaviour: Behaviour, change: Record<string, unknown>): Behaviour {
  for (const [key, value] of Object.entries(change)) {
    if (!Object.hasOwn(kinds, key)) throw new Error(`Unknown behaviour \`${key}\`. Known: ${Object.keys(healthy).join(', ')}.`);
    const { expected, fits } = kinds[key as keyof Behaviour];
    if (!fits(value)) throw new Error(`Expected \`${key}\` to be ${expected}, got ${JSON.stringify(value)}.`);
  }
  return { ...behaviour, ...change };
}

/** What an overloaded or broken application does; the lab changes it while the backend runs. */

export interface Behaviour {
  /** Time between a request's arrival and its response. */
  delayMs: number;
  status: number;
  /** Send the headers and half of the body, then nothing more. */
  stall: boolean;
  /** Close the connection with the n-th response on it (`Connection: close`); 0 for never. */
  closeAfter: number;
}

export const healthy: Readonly<Behaviour> = { delayMs: 0, status: 200, stall: false, closeAfter: 0 };

/**
 * `behaviour` with `change` applied.
 * @throws {Error} naming the field, what was expected and what was seen.
 */
export function changeBehaviour(behaviour: Behaviour, change: Record<string, unknown>): Behaviour {
  const next: Behaviour = { ...behaviour };
  for (const [key, value] of Object.entries(change)) {
    if (key === 'stall') {
      if (typeof value !== 'boolean') throw new Error(`Expected \`stall\` to be true or false, got ${JSON.stringify(value)}.`);
      next.stall = value;
    } else if (key === 'delayMs' || key === 'status' || key === 'closeAfter') {
      const [min, max] = key === 'status' ? [200, 599] : [0, 600_000];
      if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max) {
        throw new Error(`Expected \`${key}\` to be a whole number from ${min} to ${max}, got ${JSON.stringify(value)}.`);
      }
      next[key] = value;
    } else {
      throw new Error(`Unknown behaviour \`${key}\`. Known: ${Object.keys(healthy).join(', ')}.`);
    }
  }
  return next;
}

/** Lines of JSON from a process that may write anything. */

/** The object that a line is, or undefined when it is none. */
export function objectOf(line: string): object | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null && !Array.isArray(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

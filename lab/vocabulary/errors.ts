/** One class for everything that stops the lab from doing what it was asked. */

/** Stable words for programs; the message is for people. */
export type LabErrorCode =
  | 'BAD_INPUT'
  | 'MISSING_TOOL'
  | 'NOT_SUPPORTED'
  | 'START_FAILED'
  | 'PROCESS_EXITED'
  | 'BAD_OUTPUT'
  | 'TIME_LIMIT'
  | 'NO_LAB'
  | 'INTERRUPTED';

/** Says what, which, what was observed and what was expected. Ends a run with exit status 3 ("could not run"). */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** ``Unknown fault `x`; there are: a, b, c.`` */
export function unknownName(kind: string, name: string, known: Iterable<string>): LabError {
  return new LabError('BAD_INPUT', `Unknown ${kind} \`${name}\`. Known: ${[...known].join(', ')}.`);
}

/** The text of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The error class of the lab. It is thrown whenever the lab cannot do what it was asked to do. */
import { didYouMean } from './nearest-name.ts';
import { printableLines } from './printable.ts';

/** Stable codes for programs. The message is for people. */
export type LabErrorCode =
  | 'BAD_INPUT'
  | 'MISSING_TOOL'
  | 'NOT_SUPPORTED'
  | 'START_FAILED'
  | 'PROCESS_EXITED'
  | 'BAD_OUTPUT'
  | 'TIME_LIMIT'
  | 'NO_LAB'
  | 'NETWORK_ENDED'
  | 'DOUBTS'
  | 'INTERRUPTED';

/**
 * Its message says what failed, for which thing, what was expected and what was seen. A run ends with exit status 3 ("could not run").
 * Messages quote what programs wrote, and are shown on terminals, so control characters in them are written out.
 */
export class LabError extends Error {
  override readonly name = 'LabError';
  readonly code: LabErrorCode;

  constructor(code: LabErrorCode, message: string, options?: ErrorOptions) {
    super(printableLines(message), options);
    this.code = code;
  }
}

/**
 * Returns an error with the known names in its message, and the nearest one at its end: ``Unknown fault `ab`. Known: a, b, c. Did you mean `a`?``
 * `remark` is a sentence before that end.
 */
export function unknownName(kind: string, name: string, known: Iterable<string>, remark?: string): LabError {
  const names = [...known];
  return new LabError('BAD_INPUT', `Unknown ${kind} \`${name}\`. Known: ${names.join(', ')}.${remark === undefined ? '' : ` ${remark}`}${didYouMean(name, names)}`);
}

/** Returns the entry of `known` that is equal to `name`. @throws {LabError} BAD_INPUT as `unknownName` says, if there is none. */
export function nameIn<Name extends string>(kind: string, name: string, known: readonly Name[]): Name {
  const found = known.find((each) => each === name);
  if (found === undefined) throw unknownName(kind, name, known);
  return found;
}

/** Returns the message of an error, or the text of any other value that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

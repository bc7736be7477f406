/** What a service tells a person about its commands. `GET /` of control-http.ts shows it. */

/** One command. A service has one for each of its commands. */
export interface Usage {
  does: string;
  /** Each argument, and what its value must look like. */
  arguments: Record<string, string>;
  /** Arguments to try it with. */
  example: Record<string, unknown>;
  /** The command that takes the example back, with its arguments; or what to do, where no command does it. */
  undo: Record<string, Record<string, unknown>> | string;
}

/** The commands of a service, and what they have changed so far. */
export interface About<Name extends string = string> {
  now(): unknown;
  usage: Record<Name, Usage>;
}

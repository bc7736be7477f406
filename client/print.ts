/** Prints the trace as readable text when the client runs alone. */
import { paint, pc } from '../lab/vocabulary/terminal.ts';
import { nowMs, type EventName, type Payload } from '../lab/vocabulary/events.ts';
import { phraseOf } from '../lab/vocabulary/telling.ts';
import type { Emit } from './emit.ts';

/** Returns an emitter that writes one line for each event: milliseconds since the first event, then a description. */
export function printTrace(write: (line: string) => void = console.log): Emit {
  let zeroMs: number | undefined;
  return <Name extends EventName>(event: Name, payload: Payload<Name>, atMs = nowMs()) => {
    zeroMs ??= atMs;
    write(`${pc.dim((atMs - zeroMs).toFixed(1).padStart(9))}  ${paint(phraseOf(event, payload))}`);
  };
}

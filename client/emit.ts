import type { EventName, Payload } from '../lab/vocabulary/events.ts';

/** Reports one event. `atMs` is its time on the lab's clock; the default is now. */
export type Emit = <Name extends EventName>(event: Name, payload: Payload<Name>, atMs?: number) => void;

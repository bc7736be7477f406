/** JSON lines from a process. A client under test may write anything, so every line is checked before it is believed. */
import * as v from 'valibot';
import { events, witnessOf, type EmittedEvent, type EventName, type FieldType, type TimelineEvent } from './events.ts';

/** The object that a line holds, or undefined when it holds none. */
export function objectOf(line: string): object | undefined {
  try {
    const message: unknown = JSON.parse(line);
    return typeof message === 'object' && message !== null && !Array.isArray(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

const fieldSchemas: Record<FieldType, v.GenericSchema> = {
  text: v.string(),
  number: v.pipe(v.number(), v.finite()),
  flag: v.boolean(),
  texts: v.array(v.string()),
  'text?': v.optional(v.string()),
  'number?': v.optional(v.pipe(v.number(), v.finite())),
  'texts?': v.optional(v.array(v.string())),
};

const eventSchemas = new Map<EventName, v.GenericSchema>();

function schemaOf(name: EventName): v.GenericSchema {
  const known = eventSchemas.get(name);
  if (known) return known;
  const fields = Object.entries<FieldType>(events[name].fields).map(([field, type]) => [field, fieldSchemas[type]]);
  const made = v.object({ atMs: fieldSchemas.number, ...(Object.fromEntries(fields) as v.ObjectEntries) });
  eventSchemas.set(name, made);
  return made;
}

/**
 * The event that a message is, or undefined if it is none of the vocabulary or lacks a field. Fields that the vocabulary does not have are
 * left out. They could be of any size, or say `host` and `tMs`, which only the lab says.
 */
function eventOf(message: object): EmittedEvent | undefined {
  if (!('event' in message) || typeof message.event !== 'string' || !Object.hasOwn(events, message.event)) return undefined;
  const event = message.event as EventName;
  const { success, output } = v.safeParse(schemaOf(event), message);
  return success ? ({ event, ...(output as object) } as EmittedEvent) : undefined;
}

const placed = v.object({ tMs: fieldSchemas.number, host: v.string() });

/** The event that a line of events.ndjson holds, or undefined when it holds none of this version's vocabulary. */
export function parseTimelineEvent(line: string): TimelineEvent | undefined {
  const message = objectOf(line);
  if (message === undefined || !v.is(placed, message)) return undefined;
  const { tMs, host } = message;
  const event = eventOf({ ...message, atMs: tMs });
  if (event === undefined) return undefined;
  const { atMs, ...fields } = event;
  return { tMs: atMs, witness: witnessOf(event.event), host, ...fields };
}

const commandLine = v.object({ id: v.pipe(v.number(), v.finite()), command: v.string(), args: v.optional(v.record(v.string(), v.unknown())) });

/** The command that a line of the lab holds (lab/vocabulary/control.ts), or undefined when it holds none. */
export function parseCommandLine(line: string): v.InferOutput<typeof commandLine> | undefined {
  const message = objectOf(line);
  return v.is(commandLine, message) ? message : undefined;
}

const framesLine = v.object({ frames: v.string() });
const secretLine = v.object({ secret: v.string() });
const readyLine = v.object({ ready: v.literal(true) });
const answerLine = v.object({ id: v.nullable(v.number()), result: v.optional(v.unknown()), error: v.optional(v.string()) });

/** A line of the control protocol (lab/vocabulary/control.ts). */
export type ControlLine = EmittedEvent | v.InferOutput<typeof framesLine> | v.InferOutput<typeof secretLine> | v.InferOutput<typeof readyLine> | v.InferOutput<typeof answerLine>;

/** What the line says, or undefined when it does not belong to the control protocol. */
export function parseControlLine(line: string): ControlLine | undefined {
  const message = objectOf(line);
  if (message === undefined) return undefined;
  if ('event' in message) return eventOf(message);
  if ('frames' in message) return v.is(framesLine, message) ? message : undefined;
  if ('secret' in message) return v.is(secretLine, message) ? message : undefined;
  if ('ready' in message) return v.is(readyLine, message) ? message : undefined;
  return v.is(answerLine, message) ? message : undefined;
}

const resultLine = v.union([
  v.object({ id: v.number(), error: v.string(), causes: v.optional(v.array(v.string())) }),
  v.object({ id: v.number(), error: v.optional(v.undefined()), status: v.pipe(v.number(), v.safeInteger()), body: v.optional(v.string()) }),
]);

/** A line of the protocol that a client speaks (docs/clients.md). */
export type ClientLine = EmittedEvent | v.InferOutput<typeof readyLine> | v.InferOutput<typeof resultLine>;

/** The lab itself tells these events: it knows what it asked the client for, and what it got. */
const notTheClients: readonly EventName[] = ['client:not-ready', 'client:request', 'client:response', 'client:error'];

/** What the line says, or undefined when it does not belong to the protocol. */
export function parseClientLine(line: string): ClientLine | undefined {
  const message = objectOf(line);
  if (message === undefined) return undefined;
  if ('event' in message) {
    const event = eventOf(message);
    return event?.event.startsWith('client:') && !notTheClients.includes(event.event) ? event : undefined;
  }
  if ('ready' in message) return v.is(readyLine, message) ? message : undefined;
  return v.is(resultLine, message) ? message : undefined;
}

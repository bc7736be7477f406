/** The lab's side of its protocols, with lines of any kind: nothing throws, and only what the vocabulary has goes on. */
import { expect } from 'vitest';
import { Speaker } from '../clients/speaker.ts';
import { fuzz, type Dice } from '../testing/fuzz.ts';
import { drawJson, drawLine } from '../testing/json-values.ts';
import { events, type EmittedEvent, type EventName, type FieldType } from '../vocabulary/events.ts';
import { parseClientLine, parseControlLine } from '../vocabulary/json-lines.ts';
import type { HostProcess, ProcessExit } from './drivers/driver.ts';
import { Remote } from './remote.ts';

const names = Object.keys(events) as EventName[];
const words = ['event', 'atMs', 'id', 'result', 'error', 'frames', 'ready', 'status', 'body', 'causes', ...names, ...new Set(Object.values(events).flatMap(({ fields }) => Object.keys(fields)))];

/** A message of one of the protocols, now and then with a field too few, too many, or of another type. */
function drawMessage(dice: Dice): string {
  const value = (type: FieldType): string => {
    if (dice.chance(5)) return drawJson(dice, words);
    const right: Record<FieldType, string> = { text: '"a text"', number: '12.5', flag: 'true', texts: '["one"]', 'text?': '"a text"', 'number?': '200', 'texts?': '["one"]' };
    return right[type];
  };
  const fields = (() => {
    switch (dice.below(6)) {
      case 0: return [['ready', dice.oneOf(['true', 'false'])]];
      case 1: return [['frames', dice.oneOf(['"AAAA"', '""', '"%%"', '7'])]];
      case 2: return [['id', dice.oneOf(['1', '2', '9', 'null', '"1"'])], dice.oneOf([['result', drawJson(dice, words)], ['error', '"an error"'], ['status', '200'], ['status', '1e999']])];
      default: {
        const event = dice.oneOf(names);
        return [['event', JSON.stringify(event)], ['atMs', dice.oneOf(['1', '1.5', '1e999'])], ...Object.entries<FieldType>(events[event].fields).map(([field, type]) => [field, value(type)])];
      }
    }
  })();
  const changed = fields.flatMap((field) => (dice.chance(3) ? [] : [field]));
  if (dice.chance(20)) changed.push([dice.oneOf(['tMs', 'witness', 'host', '__proto__', 'status', 'extra']), drawJson(dice, words)]);
  return `{${changed.map(([name, json]) => `"${name ?? ''}":${json ?? ''}`).join()}}`;
}

/** An event has the fields of the vocabulary, each of its type, and no others. It is the same when the journal has held it. */
function checkEvent(event: EmittedEvent): void {
  const { fields } = events[event.event];
  const types: Record<FieldType, (value: unknown) => boolean> = {
    text: (value) => typeof value === 'string',
    number: Number.isFinite,
    flag: (value) => typeof value === 'boolean',
    texts: (value) => Array.isArray(value) && value.every((each) => typeof each === 'string'),
    'text?': (value) => value === undefined || typeof value === 'string',
    'number?': (value) => value === undefined || Number.isFinite(value),
    'texts?': (value) => value === undefined || (Array.isArray(value) && value.every((each) => typeof each === 'string')),
  };
  const record = event as unknown as Record<string, unknown>;
  for (const [field, type] of Object.entries<FieldType>(fields)) expect(types[type](record[field]), `${field} of ${JSON.stringify(event)}`).toBe(true);
  expect(Number.isFinite(event.atMs)).toBe(true);
  expect(['event', 'atMs', ...Object.keys(fields)]).toEqual(expect.arrayContaining(Object.keys(event)));
  expect(JSON.parse(JSON.stringify(event))).toEqual(event);
}

fuzz('lines of a process and of a client', {
  inputs: 40_000,
  accepted: 25,
  make: (dice) => drawLine(dice, words, () => drawMessage(dice)),
  check: (line) => {
    for (const message of [parseControlLine(line), parseClientLine(line)]) if (message && 'event' in message) checkEvent(message);
    const client = parseClientLine(line);
    if (client && 'event' in client) expect(client.event).toMatch(/^client:/);
    if (client && !('event' in client) && !('ready' in client) && client.error === undefined) expect(Number.isSafeInteger(client.status)).toBe(true);
    return parseControlLine(line) !== undefined;
  },
});

class FakeProcess implements HostProcess {
  readonly pid = 1;
  readonly exited = new Promise<ProcessExit>(() => undefined);
  say: (line: string) => void = () => undefined;
  onLine(listener: (line: string) => void): void { this.say = listener; }
  send(): void { /* Nobody reads it. */ }
  signal(): Promise<void> { return Promise.resolve(); }
  state(): Promise<string | null> { return Promise.resolve('S'); }
}

fuzz('a remote that says anything', {
  inputs: 4_000,
  accepted: 10,
  make: (dice) => dice.some(12, () => drawLine(dice, words, () => drawMessage(dice))),
  check: async (lines) => {
    const fake = new FakeProcess();
    const troubles: string[] = [];
    const remote = new Remote('it', fake, checkEvent, (reason) => troubles.push(reason));
    const calls = [remote.call('one'), remote.call('two')].map((call) => call.then(() => 'answered', (error: unknown) => String((error as { code?: string }).code)));
    for (const line of lines) fake.say(line);
    const isBroken = lines.some((line) => parseControlLine(line) === undefined);
    expect(troubles.length > 0).toBe(isBroken);
    // After a line that is no part of the protocol, nothing is waited for any more.
    if (isBroken) for (const outcome of await Promise.all(calls)) expect(['answered', 'BAD_INPUT', 'BAD_OUTPUT']).toContain(outcome);
    else for (const id of [1, 2]) fake.say(JSON.stringify({ id, result: null }));
    await Promise.all(calls);
    return !isBroken;
  },
});

fuzz('a client that says anything', {
  inputs: 4_000,
  accepted: 5,
  make: (dice) => dice.some(12, () => drawLine(dice, words, () => drawMessage(dice))),
  check: async (lines) => {
    const fake = new FakeProcess();
    const troubles: string[] = [];
    const speaker = await Speaker.start({ host: { start: () => Promise.resolve(fake) }, name: 'it', program: { asked: 'over stdin', argv: [], saysReady: true }, onEvent: checkEvent, onTrouble: (reason) => troubles.push(reason) });
    const results = [1, 2].map((number) => speaker.request({ number, method: 'GET', url: 'http://web/', timeoutMs: null, limitMs: 60_000 }).then(() => 'answered', (error: unknown) => String((error as { code?: string }).code)));
    for (const line of lines) fake.say(line);
    if (troubles.length > 0) {
      expect(troubles).toHaveLength(1);
      for (const outcome of await Promise.all(results)) expect(['answered', 'BAD_OUTPUT']).toContain(outcome);
    } else for (const id of [1, 2]) fake.say(JSON.stringify({ id, error: 'none' }));
    await Promise.all(results);
    return troubles.length === 0;
  },
});

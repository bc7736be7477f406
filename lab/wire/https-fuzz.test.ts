/** The decoders of TLS, HTTP/2 and its header fields, with broken and with random bytes: the same events however the bytes are cut, and whenever the keys come. */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { fuzz, type Dice } from '../testing/fuzz.ts';
import { http2Frame, preface } from '../testing/http2-frames.ts';
import { readBy, tappedEnds, type Step } from '../testing/tapped.ts';
import { parseControlLine } from '../vocabulary/json-lines.ts';
import { HpackDecoder } from './hpack.ts';
import { Http2 } from './http2.ts';
import { LabTls } from './lab-tls.ts';
import type { Side, WireEvent } from './stream.ts';
import { KeyLog } from './tls-keys.ts';

type Said = [side: Side, bytes: Buffer][];

/** The conversations of the file: the lines of the key log, and what was said. FIN is left out. */
const conversations = readFileSync(new URL('../testing/real-https.txt', import.meta.url), 'utf8').split(/^#.*\n/m).slice(2).map((text) => {
  const lines = text.split('\n').filter((line) => line !== '');
  const said = lines.filter((line) => /^[<>]./.test(line)).map((line): [Side, Buffer] => [line.startsWith('>') ? 'client' : 'server', Buffer.from(line.slice(1), 'hex')]);
  return { secrets: lines.filter((line) => /^[A-Z]/.test(line)), said };
});

const stepsOf = (said: Said): Step[] => said.map(([side, bytes]) => ({ side, bytes }));
/** What the events say, without the times of the pieces. */
const told = (events: readonly WireEvent[]): object[] => events.map((event) => {
  expect(parseControlLine(JSON.stringify(event))).toEqual(event);
  return { ...event, atMs: 0, ...('ms' in event && { ms: 0 }) };
});
const cut = (dice: Dice, said: Said): Said => said.flatMap(([side, bytes]) => dice.inPieces(bytes).map((piece): [Side, Buffer] => [side, piece]));
const broken = (dice: Dice, said: Said): Said => said.map(([side, bytes]) => [side, dice.chance(20) ? dice.mutated(bytes) : bytes]);

/** Reads with keys that come behind so many steps. */
function readTls(secrets: readonly string[], said: Said, keysAt: number): { events: WireEvent[]; waitingBytes: number; heldBytes: number } {
  const keys = new KeyLog();
  const events: WireEvent[] = [];
  const held = { bytes: 0, most: 1e6 };
  const tls = new LabTls(keys).protocolOf(tappedEnds, { held, onLate: (late) => events.push(...late) });
  for (const [index, step] of stepsOf(said).entries()) {
    if (index === keysAt) for (const line of secrets) keys.add(line);
    events.push(...readBy(tls, [step]));
  }
  if (keysAt >= said.length) for (const line of secrets) keys.add(line);
  const waitingBytes = held.bytes;
  tls.forget?.();
  return { events, waitingBytes, heldBytes: held.bytes };
}

fuzz('TLS: in one piece or in many, with keys in time or late, a connection has the same events', {
  inputs: 2_000,
  accepted: 60,
  make: (dice) => {
    const { secrets, said } = dice.oneOf(conversations);
    const taken = dice.chance(70) ? broken(dice, said) : said;
    const pieces = cut(dice, taken);
    return { secrets, said: taken, pieces, keysAt: dice.below(pieces.length + 1) };
  },
  check: ({ secrets, said, pieces, keysAt }) => {
    const [whole, late] = [readTls(secrets, said, 0), readTls(secrets, pieces, keysAt)];
    // A mistake in its first bytes makes a plain flow of it. There, a first line is told as far as its first piece shows it.
    const isTls = whole.events.some(({ event }) => event === 'wire:client-hello');
    const lines = (events: readonly WireEvent[]): object[] => told(events).map((event) => (isTls || !('line' in event) ? event : { ...event, line: '' }));
    expect(lines(late.events)).toEqual(lines(whole.events));
    expect([whole.heldBytes, late.heldBytes]).toEqual([0, 0]);
    const isDone = whole.events.some(({ event }) => event === 'wire:tls-done');
    // The keys fit, so nothing waits for them.
    if (isDone) expect([whole.waitingBytes, late.waitingBytes]).toEqual([0, 0]);
    return isDone;
  },
});

/** Header fields, right and wrong. */
const blocks = ['828684', '88', '8d', '82864487', '400161026262', 'be', 'bf', '3fe101', '20', '0085aec3771a4b01', 'ff80', '4082ffff00', '82c0', '5885aec3771a4b', '488264025885aec3771a4b'];

function drawFrame(dice: Dice): Buffer {
  const payload = dice.chance(60) ? dice.some(3, () => dice.oneOf(blocks)).join('') : dice.bytes(30).toString('hex');
  const frame = http2Frame(dice.chance(70) ? dice.oneOf([1, 1, 1, 3, 4, 5, 6, 7, 9]) : dice.below(256), dice.chance(60) ? 4 : dice.below(256), dice.below(12), payload);
  return dice.chance(10) ? dice.mutated(frame) : frame;
}

fuzz('HTTP/2: in one piece or in many, a connection has the same events', {
  inputs: 20_000,
  accepted: 40,
  make: (dice) => {
    const said: Said = [['client', preface], ...dice.some(8, (): [Side, Buffer] => [dice.oneOf(['client', 'server']), Buffer.concat(dice.some(4, () => drawFrame(dice)))])];
    return { said, pieces: cut(dice, said) };
  },
  check: ({ said, pieces }) => {
    const read = (parts: Said): object[] => told(readBy(new Http2(tappedEnds), stepsOf(parts)));
    expect(read(pieces)).toEqual(read(said));
    return read(said).length > 0;
  },
});

fuzz('header fields: blocks with mistakes, and random ones', {
  inputs: 40_000,
  accepted: 20,
  make: (dice) => dice.some(6, () => (dice.chance(50) ? Buffer.from(dice.oneOf(blocks), 'hex') : dice.chance(70) ? dice.mutated(Buffer.from(dice.oneOf(blocks), 'hex')) : dice.bytes(60))),
  check: (made) => {
    const decoder = new HpackDecoder();
    let fields = 0;
    for (const block of made) {
      try {
        fields += decoder.decode(block).length;
      } catch (error) {
        expect((error as Error).constructor, String(error)).toBe(Error);
        break;
      }
    }
    // Each field takes a byte at least.
    expect(fields).toBeLessThanOrEqual(made.reduce((sum, { length }) => sum + length, 0));
    return fields > 0;
  },
});

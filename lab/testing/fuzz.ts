/**
 * Tests with many generated inputs. Each input has a seed of its own, and so it can be made again:
 *
 *   make fuzz n=1000000                          many inputs, by hand
 *   FUZZ_ONLY='frames 4711' npx vitest run fuzz  one input; it is printed before it is tried
 */
import { writeSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { seededRandom, type Random } from '../vocabulary/random.ts';

export interface Fuzz<Input> {
  /** How many inputs are tried, unless FUZZ says another number. All fuzz tests together take about a minute. */
  inputs: number;
  make(dice: Dice): Input;
  /** Throws if the input breaks a rule. Returns whether the input was accepted. */
  check(input: Input): boolean | Promise<boolean>;
  /** How many of a hundred inputs must be accepted at least. If each one was refused at once, the test would prove nothing. */
  accepted: number;
}

/** An input that takes longer hangs. A busy machine needs a thousandth of it. */
const longestInputMs = 30_000;

/** Registers a test with the title `name`. A failing input is printed with its seed and its bytes. */
export function fuzz<Input>(name: string, { inputs, make, check, accepted }: Fuzz<Input>): void {
  const [, onlyName, onlyNumber] = /^(.*) (\d+)$/.exec(process.env['FUZZ_ONLY'] ?? '') ?? [];
  const count = Number(process.env['FUZZ'] ?? inputs);
  const numbers = onlyNumber === undefined ? { from: 0, to: count } : { from: Number(onlyNumber), to: Number(onlyNumber) + 1 };
  test.skipIf(onlyName !== undefined && onlyName !== name)(`${name}, ${numbers.to - numbers.from} inputs`, { timeout: 0 }, async () => {
    let acceptedCount = 0;
    const progress = new Int32Array(new SharedArrayBuffer(4));
    const watchdog = startWatchdog(name, progress);
    try {
      for (let number = numbers.from; number < numbers.to; number++) {
        Atomics.store(progress, 0, number);
        const seed = `${name} ${number}`;
        const input = make(new Dice(seededRandom(seed)));
        if (onlyNumber !== undefined) console.log(shown(input));
        try {
          // Not every check waits, and a million turns of the event loop take longer than the checks.
          const checked = check(input);
          if (typeof checked === 'boolean' ? checked : await checked) acceptedCount++;
        } catch (error) {
          throw new Error(`Input ${number} of ${name} failed: ${(error as Error).message}\nTo try it alone: FUZZ_ONLY='${seed}'. The input:\n${shown(input)}`, { cause: error });
        }
      }
      if (onlyNumber === undefined) expect((acceptedCount * 100) / count, 'percentage of the inputs that were accepted').toBeGreaterThanOrEqual(accepted);
    } finally {
      await watchdog.terminate();
    }
  });
}

/** A thread that ends the process when an input makes no progress, because no time limit can end a loop of this thread. */
function startWatchdog(name: string, progress: Int32Array): Worker {
  const program = `
    const { workerData: { progress, name, longestMs } } = require('node:worker_threads');
    for (let [last, since] = [-1, Date.now()]; ; ) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000);
      const now = Atomics.load(progress, 0);
      if (now !== last) [last, since] = [now, Date.now()];
      else if (Date.now() - since > longestMs) {
        require('node:fs').writeSync(2, 'Input ' + now + ' of ' + name + ' hangs. To try it alone: FUZZ_ONLY=\\'' + name + ' ' + now + '\\'\\n');
        process.kill(process.pid, 'SIGKILL');
      }
    }`;
  const watchdog = new Worker(program, { eval: true, workerData: { progress, name, longestMs: longestInputMs } });
  watchdog.on('error', (error: Error) => { writeSync(2, `The watchdog of ${name} failed: ${error.message}\n`); });
  return watchdog;
}

/** An input as text: bytes in hexadecimal digits, one line for each part. */
function shown(input: unknown): string {
  if (Buffer.isBuffer(input)) return input.toString('hex');
  if (Array.isArray(input)) return input.map(shown).join('\n');
  if (typeof input === 'string') return `${JSON.stringify(input)} (${Buffer.from(input).toString('hex')})`;
  if (typeof input === 'object' && input !== null) return Object.entries(input).map(([key, value]) => `${key}: ${shown(value)}`).join('\n');
  return String(input);
}

/** Draws from a seeded stream. */
export class Dice {
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  /** A whole number from 0 to `limit` - 1. */
  below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  /** True in `percent` of a hundred cases. */
  chance(percent: number): boolean {
    return this.random() * 100 < percent;
  }

  oneOf<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)] as Item;
  }

  /** Between 0 and `most` items. */
  some<Item>(most: number, make: () => Item): Item[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }

  /** Between 0 and `most` bytes. */
  bytes(most: number): Buffer {
    return this.exactly(this.below(most + 1));
  }

  exactly(count: number): Buffer {
    return Buffer.from(Array.from({ length: count }, () => this.below(256)));
  }

  /** The same bytes with some of them changed, left out, doubled or cut. Lengths and counts are more often wrong by one than by chance. */
  mutated(original: Buffer): Buffer {
    let bytes = Buffer.from(original);
    for (let change = this.below(4); change >= 0 && bytes.length > 0; change--) {
      const at = this.below(bytes.length);
      const old = bytes[at] ?? 0;
      switch (this.below(7)) {
        case 0: bytes[at] = this.below(256); break;
        case 1: bytes[at] = old ^ (1 << this.below(8)); break;
        case 2: bytes[at] = old + this.oneOf([1, -1]); break;
        case 3: bytes[at] = this.oneOf([0, 1, 0x7f, 0x80, 0xff, 0xc0]); break;
        case 4: bytes = bytes.subarray(0, at); break;
        case 5: bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + this.below(4))]); break;
        case 6: bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.max(at - this.below(8), 0))]); break;
      }
    }
    return bytes;
  }

  /** The same bytes in pieces, some of them of one byte. */
  inPieces(bytes: Buffer): Buffer[] {
    const pieces: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 1) pieces.push(bytes.subarray(at, at + 1 + (this.chance(50) ? this.below(4) : this.below(bytes.length))));
    return pieces;
  }
}

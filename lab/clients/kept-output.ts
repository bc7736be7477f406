/** The output of a client, of which the beginning and the end are kept: a client can write any amount. */
import { copyOf } from '../vocabulary/printable.ts';

/** The driver delivers a line in pieces of at least this size. */
export const longestPiece = 64_000;

export class KeptOutput {
  readonly #keptAtStart: number;
  readonly #keptAtEnd: number;
  #start = '';
  #end = '';
  #characters = 0;
  /** Whether the next piece begins a line, and is not the first one. */
  #isAfterLine = false;

  /** How many characters are kept at the start and at the end of the output. */
  constructor(keptAtStart: number, keptAtEnd: number) {
    this.#keptAtStart = keptAtStart;
    this.#keptAtEnd = keptAtEnd;
  }

  /** Adds a line, or a piece of a long one. */
  add(line: string): void {
    if (this.#isAfterLine) this.#append('\n');
    this.#isAfterLine = line.length < longestPiece;
    this.#append(line);
  }

  #append(text: string): void {
    this.#characters += text.length;
    const room = this.#keptAtStart - this.#start.length;
    if (room > 0) this.#start += copyOf(text.slice(0, room));
    if (text.length > room) this.#end += text.slice(Math.max(room, text.length - this.#keptAtEnd));
    // Not after each of a million lines.
    if (this.#end.length > 20 * this.#keptAtEnd) this.#end = copyOf(this.#end.slice(-this.#keptAtEnd));
  }

  /** The whole output, or its beginning and its end, with the number of characters between them. */
  get text(): string {
    const end = this.#end.slice(-this.#keptAtEnd);
    const left = this.#characters - this.#start.length - end.length;
    return left > 0 ? `${this.#start} … (cut: ${left} of ${this.#characters} characters) … ${copyOf(end)}` : `${this.#start}${end}`;
  }
}

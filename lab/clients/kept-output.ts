/** The output of a client, of which the beginning and the end are kept: a client can write any amount. */

import { copyOf } from '../vocabulary/printable.ts';

/** Far more than the lab's servers send. What is left is less than an event may hold, so that it is cut once. */
const keptAtStart = 3_000;
/** curl writes the status after the body. */
const keptAtEnd = 500;
/** The driver delivers a line in pieces of at least this size. */
export const longestPiece = 64_000;

export class KeptOutput {
  #start = '';
  #end = '';
  #characters = 0;
  /** Whether the next piece begins a line, and is not the first one. */
  #isAfterLine = false;

  /** Adds a line, or a piece of a long one. */
  add(line: string): void {
    if (this.#isAfterLine) this.#append('\n');
    this.#isAfterLine = line.length < longestPiece;
    this.#append(line);
  }

  #append(text: string): void {
    this.#characters += text.length;
    const room = keptAtStart - this.#start.length;
    if (room > 0) this.#start += copyOf(text.slice(0, room));
    if (text.length > room) this.#end += text.slice(Math.max(room, text.length - keptAtEnd));
    // Not after each of a million lines.
    if (this.#end.length > 20 * keptAtEnd) this.#end = copyOf(this.#end.slice(-keptAtEnd));
  }

  /** The whole output, or its beginning and its end, with the number of characters between them. */
  get text(): string {
    const end = this.#end.slice(-keptAtEnd);
    const left = this.#characters - this.#start.length - end.length;
    return left > 0 ? `${this.#start} … (cut: ${left} of ${this.#characters} characters) … ${copyOf(end)}` : `${this.#start}${end}`;
  }
}

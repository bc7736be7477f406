/**
 * One turn of the event loop reads up to 32 queries from a socket (libuv, uv__udp_recvmsg). Their events become one write to the log, and then their answers
 * leave. So the log has each answer that a client has, whenever the server is killed. A write for each event takes longer than all the rest of the work.
 */
import type { Writable } from 'node:stream';

export class Turn {
  readonly #log: Writable;
  #answers: (() => void)[] = [];
  #isOpen = false;

  constructor(log: Writable) {
    this.#log = log;
  }

  /** From here to the end of this turn, the log holds back what is written to it. */
  begin(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    this.#log.cork();
    setImmediate(() => { this.#end(); });
  }

  /** Calls `leave`, which sends an answer, at the end of this turn. */
  send(leave: () => void): void {
    this.begin();
    this.#answers.push(leave);
  }

  #end(): void {
    this.#isOpen = false;
    // This writes at once, if the pipe has room. An answer does not wait for a lab that reads too slowly.
    this.#log.uncork();
    const answers = this.#answers;
    this.#answers = [];
    for (const leave of answers) leave();
  }
}

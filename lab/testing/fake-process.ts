/** A process of a lab for tests that need none. */
import type { HostProcess, ProcessExit } from '../network/drivers/driver.ts';

/** A process without a program. It records the lines that it receives, and writes the lines that the test gives it. */
export class FakeProcess implements HostProcess {
  readonly pid = 1;
  readonly sent: { id: number; command: string; args: unknown }[] = [];
  readonly #exit = Promise.withResolvers<ProcessExit>();
  readonly exited = this.#exit.promise;
  #listener: (line: string) => void = () => undefined;

  onLine(listener: (line: string) => void): void { this.#listener = listener; }
  send(line: string): void { this.sent.push(JSON.parse(line) as FakeProcess['sent'][number]); }
  signal(): Promise<void> { return Promise.resolve(); }
  state(): Promise<string | null> { return Promise.resolve('S'); }

  say(message: unknown): void { this.#listener(typeof message === 'string' ? message : JSON.stringify(message)); }
  end(exit: Partial<ProcessExit>): void { this.#exit.resolve({ code: null, signal: null, stderr: '', ...exit }); }
}

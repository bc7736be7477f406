/** The control lines of real processes, with lines of any kind: each line has one answer, in the protocol, and the process goes on. */
import { expect } from 'vitest';
import type { HostProcess } from '../lab/network/drivers/driver.ts';
import { nodeArgv } from '../lab/network/programs.ts';
import { fuzz, type Dice } from '../lab/testing/fuzz.ts';
import { drawJson, drawLine } from '../lab/testing/json-values.ts';
import { freePort, localProcess } from '../lab/testing/testing.ts';
import { objectOf, parseControlLine } from '../lab/vocabulary/json-lines.ts';

interface Program {
  name: string;
  argv: () => Promise<string[]>;
  commands: string[];
  /** Likely names of fields, and likely texts. */
  words: string[];
  /** Arguments of a command that are often right. */
  args: (dice: Dice, command: string) => string | undefined;
}

const listen = ['127.0.0.1', '127.0.0.2'];
const programs: Program[] = [
  {
    name: 'DNS server',
    argv: async () => nodeArgv('services/dns/main.ts', JSON.stringify({ listen, port: await freePort(), domain: 'lab.test', seed: '1', records: [{ name: 'web.lab.test', type: 'A', address: '198.51.100.11' }] })),
    commands: ['policy', 'aaaa', 'ttl', 'filter', 'chain', 'record', 'rule', 'unrule', 'tcp', 'impair', 'ping'],
    words: ['on', 'seconds', 'filter', 'shuffle', 'selectFirst 2', 'up', 'n', 'links', 'type', 'A', 'AAAA', 'action', 'add', 'remove', 'name', 'web.lab.test', 'address', 'id', 'match', 'effect', 'clients', 'percent', 'mode', 'answer', 'refuse', 'silent', 'rcode', 'SERVFAIL', 'insert', 'omit', 'drop', 'delayMs'],
    args: (dice, command) => (command === 'record' ? `{"action":"${dice.oneOf(['add', 'remove', 'up', 'down'])}","name":"a.lab.test","type":"${dice.oneOf(['A', 'AAAA'])}","address":"${dice.oneOf(['198.51.100.12', '2001:db8::1'])}"}` : undefined),
  },
  {
    name: 'backend',
    argv: async () => nodeArgv('services/backend/main.ts', JSON.stringify({ listen, port: await freePort(), seed: '1' })),
    commands: ['behaviour', 'connections', 'refuse', 'listen', 'deafen', 'hand-over', 'close-idle', 'drain-time', 'drain', 'undrain', 'ping'],
    // Without `shutdownMs`, no hand-over is whole: it would end the process, as it should.
    words: ['family', 'backlog', 'drainMs', 'idle', 'close', 'delayMs', 'status', 'stall', 'truncate', 'fin', 'rst', 'none', 'cutAfterBytes', 'cutWith', 'failFirst'],
    args: (dice, command) => (['refuse', 'listen', 'deafen'].includes(command) ? `{"family":${dice.oneOf(['4', '6', '"4"', 'null'])},"backlog":${dice.oneOf(['1', '0', '-1', '"x"'])}}` : undefined),
  },
  {
    name: 'client',
    argv: () => Promise.resolve(nodeArgv('client/main.ts', '--control')),
    commands: ['request', 'ping'],
    // No name is looked up, and nothing listens on port 1.
    words: ['number', 'method', 'url', 'GET', 'POST', 'CONNECT', 'TRACE', 'http://127.0.0.1:1/', 'http://127.0.0.1:1/\u0000', 'http://[::1]:1/', 'http://127.0.0.1:99999/', 'ftp://127.0.0.1:1/', 'data:,x', 'http://'],
    args: (dice) => `{"number":${dice.oneOf(['1', '0', '"1"', '1e999', '-1', '0.5'])},"method":"${dice.oneOf(['GET', 'POST', 'G T', '', 'CONNECT', 'HEAD', 'ünï'])}","url":"${dice.oneOf(['http://127.0.0.1:1/', 'http://[::1]:1/x', 'http://127.0.0.1:1/ü', '', 'nothing', 'data:,x'])}"}`,
  },
];

/** Counts the answers of a process, and holds each of its lines against the protocol. */
class Conversation {
  readonly #process: HostProcess;
  #asked = 0;
  #answered = 0;
  #last: object | undefined;
  #problem: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(process: HostProcess) {
    this.#process = process;
    process.onLine((line) => {
      const message = parseControlLine(line);
      if (message === undefined) this.#problem ??= new Error(`it wrote a line that is not part of the protocol: ${line.slice(0, 500)}`);
      // What was answered, as it was written.
      else if ('id' in message && !('event' in message)) {
        this.#answered++;
        this.#last = objectOf(line);
      }
      this.#wake();
    });
    void process.exited.then(({ code, signal, stderr }) => {
      this.#problem ??= new Error(`it ended: ${String(signal ?? code)} ${stderr.slice(0, 2_000)}`);
      this.#wake();
    });
  }

  /** Sends lines. Resolves with the last answer when each of them is answered. */
  async ask(...lines: string[]): Promise<object | undefined> {
    this.#asked += lines.length;
    for (const line of lines) this.#process.send(line);
    while (this.#answered < this.#asked && !this.#problem) await new Promise<void>((resolve) => { this.#wake = resolve; });
    if (this.#problem) throw this.#problem;
    expect(this.#answered, 'answers').toBe(this.#asked);
    return this.#last;
  }
}

for (const { name, argv, commands, words, args } of programs) {
  let conversation: Promise<Conversation> | undefined;
  const command = (dice: Dice): string => {
    const chosen = dice.oneOf(commands);
    const given = dice.chance(70) ? args(dice, chosen) : undefined;
    return `{"id":${dice.oneOf(['1', '7', 'null', '"x"', '1e999'])},"command":${JSON.stringify(dice.chance(95) ? chosen : 'toString')},"args":${given ?? drawJson(dice, words)}}`;
  };
  fuzz(`control lines of the ${name}`, {
    inputs: 2_000,
    make: (dice) => [drawLine(dice, words, () => command(dice)), ...dice.some(2, () => drawLine(dice, words, () => command(dice)))],
    check: async (lines) => {
      conversation ??= argv().then((words) => new Conversation(localProcess(words)));
      const talk = await conversation;
      await talk.ask(...lines);
      const echo = 'a\u2028b\u2029c';
      expect(await talk.ask(JSON.stringify({ id: 5, command: echo }))).toEqual({ id: 5, error: expect.stringContaining(echo) as string });
    },
  });
}

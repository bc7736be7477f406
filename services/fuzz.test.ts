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
  /** The commands, each with arguments that are right. */
  commands: Record<string, object>;
  /** Likely names of fields, and likely texts. */
  words: string[];
}

const listen = ['127.0.0.1', '127.0.0.2'];
const programs: Program[] = [
  {
    name: 'DNS server',
    argv: async () => nodeArgv('services/dns/main.ts', JSON.stringify({ listen, port: await freePort(), domain: 'lab.test', seed: '1', records: [{ name: 'web.lab.test', type: 'A', address: '198.51.100.11' }] })),
    commands: {
      policy: {}, aaaa: { on: true }, ttl: { seconds: 5 }, filter: { filter: 'shuffle', on: false }, chain: { links: ['shuffle', 'selectFirst 2'] }, record: { action: 'up', name: 'web.lab.test', type: 'A', address: '198.51.100.11' },
      rule: { id: 'mine', match: { type: 'A', percent: 50 }, effect: { delayMs: 1, insert: ['198.51.100.12'] } }, unrule: { id: 'mine' }, tcp: { mode: 'refuse' }, impair: { type: 'A', drop: true }, ping: {},
    },
    words: ['on', 'seconds', 'filter', 'shuffle', 'selectFirst 2', 'up', 'n', 'links', 'type', 'A', 'AAAA', 'action', 'add', 'remove', 'name', 'web.lab.test', 'address', 'id', 'match', 'effect', 'clients', 'percent', 'mode', 'answer', 'refuse', 'silent', 'rcode', 'SERVFAIL', 'insert', 'omit', 'drop', 'delayMs'],
  },
  {
    name: 'backend',
    argv: async () => nodeArgv('services/backend/main.ts', JSON.stringify({ listen, port: await freePort(), seed: '1' })),
    commands: { behaviour: { delayMs: 5, status: 503 }, connections: { closeDelayMs: 5 }, refuse: { family: 4 }, listen: { family: 4 }, deafen: { family: 4, backlog: 1 }, 'hand-over': { drainMs: 5 }, 'close-idle': {}, 'drain-time': { drainMs: 5 }, drain: { idle: 'close' }, undrain: {}, ping: {} },
    // Without `shutdownMs`, no hand-over is whole: it would end the process, as it should.
    words: ['family', 'backlog', 'drainMs', 'idle', 'close', 'delayMs', 'status', 'stall', 'truncate', 'fin', 'rst', 'none', 'cutAfterBytes', 'cutWith', 'failFirst'],
  },
  {
    name: 'client',
    argv: () => Promise.resolve(nodeArgv('client/main.ts', '--control')),
    commands: { request: { number: 1, method: 'GET', url: 'http://127.0.0.1:1/' }, ping: {} },
    // No name is looked up, and nothing listens on port 1.
    words: ['number', 'method', 'url', 'GET', 'POST', 'CONNECT', 'TRACE', 'http://127.0.0.1:1/', 'http://127.0.0.1:1/\u0000', 'http://[::1]:1/', 'http://127.0.0.1:99999/', 'ftp://127.0.0.1:1/', 'data:,x', 'http://'],
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

/** Arguments that are right, or of which one is missing, is too much, or has another value, or anything else. */
function drawArgs(dice: Dice, right: object, words: readonly string[]): string {
  if (dice.chance(20)) return drawJson(dice, words);
  const fields = Object.entries(right).map(([field, value]) => [field, dice.chance(20) ? drawJson(dice, words) : JSON.stringify(value)]);
  if (dice.chance(10)) fields.push([dice.oneOf(words), drawJson(dice, words)]);
  return `{${fields.filter(() => dice.chance(95)).map(([field, json]) => `${JSON.stringify(field)}:${json ?? ''}`).join()}}`;
}

for (const { name, argv, commands, words } of programs) {
  let conversation: Promise<Conversation> | undefined;
  const command = (dice: Dice): string => {
    const [chosen, right] = dice.oneOf<[string, object]>(Object.entries(commands));
    return `{"id":${dice.oneOf(['1', '7', '8', '9', 'null', '"x"', '1e999'])},"command":${JSON.stringify(dice.chance(95) ? chosen : 'toString')},"args":${drawArgs(dice, right, words)}}`;
  };
  fuzz(`control lines of the ${name}`, {
    inputs: 2_000,
    accepted: 15,
    make: (dice) => [drawLine(dice, words, () => command(dice)), ...dice.some(2, () => drawLine(dice, words, () => command(dice)))],
    check: async (lines) => {
      conversation ??= argv().then((words) => new Conversation(localProcess(words)));
      const talk = await conversation;
      const answer = await talk.ask(...lines);
      const echo = 'a\u2028b\u2029c';
      expect(await talk.ask(JSON.stringify({ id: 5, command: echo }))).toEqual({ id: 5, error: expect.stringContaining(echo) as string });
      return answer !== undefined && 'result' in answer;
    },
  });
}

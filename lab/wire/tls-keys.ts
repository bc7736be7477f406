/** The keys of TLS connections, as NSS writes them (SSLKEYLOGFILE; draft-ietf-tls-keylogfile): one line for each secret, with the random of its ClientHello. */

/** The secrets of one connection, by their labels. */
export type Secrets = ReadonlyMap<string, Buffer>;

/** TLS 1.2 has one secret, and TLS 1.3 one for each side and stage. */
export const secretLabels = {
  master: 'CLIENT_RANDOM',
  handshake: { client: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET', server: 'SERVER_HANDSHAKE_TRAFFIC_SECRET' },
  application: { client: 'CLIENT_TRAFFIC_SECRET_0', server: 'SERVER_TRAFFIC_SECRET_0' },
} as const;
const line = /^([A-Z][A-Z0-9_]*) ([0-9a-f]{64}) ((?:[0-9a-f]{2}){32,64})$/i;

/** A lab by hand may be up for days. No run has as many connections. */
const keptConnections = 100_000;

interface Entry {
  lines: string[];
  secrets: Map<string, Buffer>;
}

/** The secrets that are known so far. Lines are added at any time: a server writes them while it makes the connection. */
export class KeyLog {
  readonly #keep: number;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Map<string, () => void>();
  /** Whether all lines are there before the packets that need them, as in a file. Then nothing waits for keys that are missing. */
  readonly isComplete: boolean;

  /** `keep`: the secrets of so many connections are kept, the newest ones. */
  constructor({ keep = keptConnections, isComplete = false }: { keep?: number; isComplete?: boolean } = {}) {
    this.#keep = keep;
    this.isComplete = isComplete;
  }

  /** Takes one line of a key log. Comments, and lines that are no secret, are passed over. */
  add(text: string): void {
    const [whole, label = '', random = '', secret = ''] = line.exec(text.trim()) ?? [];
    if (whole === undefined) return;
    const key = random.toLowerCase();
    const entry: Entry = this.#entries.get(key) ?? { lines: [], secrets: new Map() };
    // A secret that comes twice, such as in a file that two programs have written.
    if (entry.secrets.has(label.toUpperCase())) return;
    entry.lines.push(whole);
    entry.secrets.set(label.toUpperCase(), Buffer.from(secret, 'hex'));
    this.#entries.set(key, entry);
    if (this.#entries.size > this.#keep) this.#entries.delete(this.#entries.keys().next().value ?? '');
    this.#listeners.get(key)?.();
  }

  /** Takes the lines of a text. */
  addText(text: string): void {
    for (const each of text.split(/\r?\n/)) this.add(each);
  }

  /** The secrets of the connection whose ClientHello has this random, in hexadecimal. */
  get(random: string): Secrets | undefined {
    return this.#entries.get(random)?.secrets;
  }

  /** Calls `listener` after each further secret of a connection, until the function that it returns is called. A connection has one listener. */
  onSecret(random: string, listener: () => void): () => void {
    this.#listeners.set(random, listener);
    return () => { if (this.#listeners.get(random) === listener) this.#listeners.delete(random); };
  }

  /** How many connections have a secret. */
  get size(): number {
    return this.#entries.size;
  }

  /** All lines, for Wireshark. It needs more of the secrets than the lab. */
  get text(): string {
    return [...this.#entries.values()].flatMap(({ lines }) => lines).map((each) => `${each}\n`).join('');
  }
}

/** Reads the text of a key log that is complete. */
export function parseKeyLog(text: string): KeyLog {
  const keys = new KeyLog({ keep: Infinity, isComplete: true });
  keys.addText(text);
  return keys;
}

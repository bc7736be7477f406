/** The keys of TLS connections, as NSS writes them (SSLKEYLOGFILE; draft-ietf-tls-keylogfile): one line for each secret, with the random of its ClientHello. */

/** The secrets of one connection, by their labels. */
export type Secrets = ReadonlyMap<string, Buffer>;

/** From the random of a ClientHello, in hexadecimal, to the secrets of its connection. */
export type TlsKeys = ReadonlyMap<string, Secrets>;

/** TLS 1.2 has one secret, and TLS 1.3 one for each side. */
export const secretLabels = { master: 'CLIENT_RANDOM', client: 'CLIENT_TRAFFIC_SECRET_0', server: 'SERVER_TRAFFIC_SECRET_0' } as const;
const line = /^(CLIENT_RANDOM|CLIENT_TRAFFIC_SECRET_0|SERVER_TRAFFIC_SECRET_0) ([0-9a-f]{64}) ((?:[0-9a-f]{2}){32,64})$/i;

/** Reads the text of a key log. Comments, and secrets that nothing here needs, are passed over. */
export function parseKeyLog(text: string): TlsKeys {
  const keys = new Map<string, Map<string, Buffer>>();
  for (const each of text.split(/\r?\n/)) {
    const [, label = '', random = '', secret = ''] = line.exec(each.trim()) ?? [];
    if (label === '') continue;
    const own = keys.get(random.toLowerCase()) ?? new Map<string, Buffer>();
    own.set(label.toUpperCase(), Buffer.from(secret, 'hex'));
    keys.set(random.toLowerCase(), own);
  }
  return keys;
}

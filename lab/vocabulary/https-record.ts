/**
 * HTTPS records (RFC 9460): under which name, and with which protocols, a client reaches a web server. The capture and the observer read them here. The DNS
 * server writes its own (services/dns/records.ts), so a mistake of the one is not hidden by the same mistake of the other.
 */

/** An HTTPS query for another port than 443 has the port before the name: `_8443._https.web.lab.test` (RFC 9460 section 9.1). */
const portPrefix = /^_\d+\._https\./i;

/** Returns the name that an HTTPS query asks for a URL with this name and port. A URL with http:// and port 80 is asked for as one with https:// (RFC 9460 section 9.5). */
export function httpsQueryName(name: string, port: number): string {
  return port === 443 || port === 80 ? name : `_${port}._https.${name}`;
}

/** Returns the name of the web server that a query is about: without the port that an HTTPS query may have before it. */
export function webNameOf(queryName: string): string {
  return queryName.replace(portPrefix, '');
}

const alpnKey = 1;
const portKey = 3;
/** The names of the parameters (RFC 9460 section 14.3.2). */
const keyNames = ['mandatory', 'alpn', 'no-default-alpn', 'port', 'ipv4hint', 'ech', 'ipv6hint'];

/**
 * Returns the data of an HTTPS record as text, near to the form of zone files: `1 web.lab.test alpn=h2,http/1.1`. Of parameters other than the protocols and
 * the port it has the names only. @throws {Error} that says what is wrong with the bytes.
 */
export function httpsRecordText(data: Buffer): string {
  const { name, next } = nameAt(data, 2);
  const parts = [String(data.readUInt16BE(0)), name || '.'];
  for (let at = next; at < data.length;) {
    const [key, length] = at + 4 <= data.length ? [data.readUInt16BE(at), data.readUInt16BE(at + 2)] : [0, data.length];
    const value = data.subarray(at + 4, at + 4 + length);
    if (value.length < length || (key === portKey && length !== 2)) throw new Error('an HTTPS record with a parameter that does not fit its length');
    const text = key === alpnKey ? `=${protocolsIn(value).join(',')}` : key === portKey ? `=${value.readUInt16BE(0)}` : '';
    parts.push(`${keyNames[key] ?? `key${key}`}${text}`);
    at += 4 + length;
  }
  return parts.join(' ');
}

/** Reads the target. No pointer may stand in it (RFC 9460 section 2.2). */
function nameAt(data: Buffer, from: number): { name: string; next: number } {
  const labels: string[] = [];
  for (let at = from; ;) {
    const length = data[at];
    if (length === undefined || length > 63 || at + length >= data.length) throw new Error('an HTTPS record whose target is no name');
    if (length === 0) return { name: labels.join('.'), next: at + 1 };
    labels.push(data.toString('latin1', at + 1, at + 1 + length));
    at += 1 + length;
  }
}

/** Reads a list of protocols, each with its length before it (RFC 9460 section 7.1.1). */
function protocolsIn(value: Buffer): string[] {
  const protocols: string[] = [];
  for (let at = 0; at < value.length; at += 1 + (value[at] ?? 0)) {
    const protocol = value.subarray(at + 1, at + 1 + (value[at] ?? 0));
    if (protocol.length === 0 || protocol.length < (value[at] ?? 0)) throw new Error('an HTTPS record with a protocol that does not fit its length');
    protocols.push(protocol.toString('latin1'));
  }
  return protocols;
}

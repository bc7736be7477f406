/** Writes ASN.1 values in DER (X.690): as much of it as a certificate needs. */

/** One value: its tag, the length of its content, and the content. */
export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.concat(content);
  const length = bytes.length < 0x80 ? [bytes.length] : bytes.length < 0x100 ? [0x81, bytes.length] : [0x82, bytes.length >> 8, bytes.length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...length), bytes]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
export const set = (...content: readonly Uint8Array[]): Buffer => der(0x31, ...content);
export const octetString = (content: Uint8Array): Buffer => der(0x04, content);
export const utf8 = (text: string): Buffer => der(0x0c, Buffer.from(text));
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.of(value ? 0xff : 0));
/** A whole number. Its first bit is its sign. */
export const integer = (bytes: Uint8Array): Buffer => der(0x02, bytes);
/** Bits; the last `unused` ones of the last byte do not count. */
export const bitString = (bytes: Uint8Array, unused: number): Buffer => der(0x03, Buffer.of(unused), bytes);
/** A value whose type follows from its number in the definition (IMPLICIT). */
export const contextTag = (number: number, content: Uint8Array): Buffer => der(0x80 | number, content);

/** An object identifier, from its text: `2.5.29.17`. */
export function objectId(text: string): Buffer {
  const [first = 0, second = 0, ...rest] = text.split('.').map(Number);
  return der(0x06, Buffer.from([first * 40 + second, ...rest].flatMap(base128)));
}

/** Groups of seven bits. All but the last one have the first bit set. */
function base128(value: number): number[] {
  const groups = [value & 0x7f];
  for (let left = value >> 7; left > 0; left >>= 7) groups.unshift(0x80 | (left & 0x7f));
  return groups;
}

/** A time, in milliseconds since 1970. RFC 5280 section 4.1.2.5: UTCTime up to the year 2049, and GeneralizedTime after that. */
export function time(ms: number): Buffer {
  const text = new Date(ms).toISOString().replace(/[-:T]|\.\d+/g, '');
  return text < '2050' ? der(0x17, Buffer.from(text.slice(2))) : der(0x18, Buffer.from(text));
}

/** A value as text (RFC 7468). */
export function pem(label: string, value: Buffer): string {
  return `-----BEGIN ${label}-----\n${value.toString('base64').replace(/.{1,64}/g, '$&\n')}-----END ${label}-----\n`;
}

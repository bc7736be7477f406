/** Recognizes the datagrams with which a client begins a connection of QUIC. All of the rest is encrypted, and the lab does not read it. */

/** A client fills these datagrams up to this length (RFC 9000 section 14.1). */
const leastBytes = 1_200;
/** The form of a long header (RFC 8999 section 5.1), and the fixed bit of versions 1 and 2 (RFC 9000 section 17.2). A client that knows the server may clear that bit (RFC 9287); such a datagram is not recognized. */
const longHeader = 0xc0;
/** The type Initial in the two bits behind it, for each version: RFC 9000 section 17.2.2, RFC 9369 section 3.2. */
const initialOf: Readonly<Record<number, number>> = { 1: 0x00, 0x6b3343cf: 0x10 };

/** Whether this datagram begins with an Initial packet of QUIC, as a client sends it. */
export function isQuicInitial(payload: Buffer): boolean {
  if (payload.length < leastBytes) return false;
  const first = payload.readUInt8(0);
  return (first & longHeader) === longHeader && (first & 0x30) === initialOf[payload.readUInt32BE(1)];
}

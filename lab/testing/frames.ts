/** Builds frames of the lab's client, byte for byte as they are on the wire, without checksums. */
import { createTopology } from '../vocabulary/topology.ts';

const { client, dns, 'backend-1': backend } = createTopology().hosts;

/** The source port of the client, unless a segment says another one. */
export const clientPort = 40_000;
export const [FIN, SYN, RST, ACK] = [1, 2, 4, 16];

export interface Segment {
  flags?: number;
  sequence?: number;
  payload?: string | Buffer;
  /** The server's port. With 53 the server is the DNS server. */
  port?: number;
  localPort?: number;
  window?: number;
  /** TSval of the timestamps option. */
  timestamp?: number;
  /** The segment has a SACK block. */
  sack?: boolean;
  /** IPv4 identification. */
  identification?: number;
  acknowledged?: number;
}

/** A segment that the client sends. */
export const sent = (segment: Segment): Buffer => tcp(true, segment);
/** A segment that the server sends. */
export const came = (segment: Segment): Buffer => tcp(false, segment);

function tcp(isClient: boolean, { flags = ACK, sequence = 1, payload = '', port = 8080, localPort = clientPort, window = 512, timestamp, sack = false, identification, acknowledged = 0 }: Segment): Buffer {
  const options = Buffer.concat([...(timestamp === undefined ? [] : [Buffer.from([1, 1, 8, 10, 0, 0, 0, timestamp, 0, 0, 0, 0])]), ...(sack ? [Buffer.from([1, 1, 5, 10, 0, 0, 0, 9, 0, 0, 0, 10])] : [])]);
  const header = Buffer.alloc(20);
  header.writeUInt16BE(isClient ? localPort : port, 0);
  header.writeUInt16BE(isClient ? port : localPort, 2);
  header.writeUInt32BE(sequence >>> 0, 4);
  header.writeUInt32BE(acknowledged >>> 0, 8);
  header[12] = ((20 + options.length) / 4) << 4;
  header[13] = flags;
  header.writeUInt16BE(window, 14);
  const server = port === 53 ? dns : backend;
  return ipv4(6, isClient ? client.ipv4 : server.ipv4, isClient ? server.ipv4 : client.ipv4, Buffer.concat([header, options, Buffer.from(payload)]), identification);
}

/** A UDP datagram between the client and the DNS server. */
export function udp(isClient: boolean, payload: Buffer, localPort = clientPort): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt16BE(isClient ? localPort : 53, 0);
  header.writeUInt16BE(isClient ? 53 : localPort, 2);
  header.writeUInt16BE(8 + payload.length, 4);
  return ipv4(17, isClient ? client.ipv4 : dns.ipv4, isClient ? dns.ipv4 : client.ipv4, Buffer.concat([header, payload]));
}

/** An IPv4 packet in an Ethernet frame. */
export function ipv4(protocol: number, from: string, to: string, payload: Buffer, identification = 0): Buffer {
  const header = Buffer.alloc(34);
  header.writeUInt16BE(identification, 18);
  header.writeUInt16BE(0x0800, 12);
  header[14] = 0x45;
  header.writeUInt16BE(20 + payload.length, 16);
  header[22] = 64;
  header[23] = protocol;
  Buffer.from(from.split('.').map(Number)).copy(header, 26);
  Buffer.from(to.split('.').map(Number)).copy(header, 30);
  return Buffer.concat([header, payload]);
}

/**
 * Sends one DNS query and returns every reply. It uses no resolver, because a resolver would hide some replies. It reads the replies with dns2, and the
 * server writes them with code of its own: a mistake in the one is not hidden by the same mistake in the other.
 */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { Packet } from 'dns2';
import { nowMs } from '../../lab/vocabulary/events.ts';
import { httpsRecordText } from '../../lab/vocabulary/https-record.ts';

export interface DnsReply {
  /** Whether the reply has the id of the query. */
  ownId: boolean;
  rcode: number;
  truncated: boolean;
  /** The flags AA and RA (RFC 1035 section 4.1.1). */
  aa: boolean;
  ra: boolean;
  /** Whether the authority section has a SOA (RFC 2308 section 3). */
  soa: boolean;
  /** `A 198.51.100.11`, `CNAME cname-1.lab.test`, `HTTPS 1 web.lab.test alpn=h2`, in the order of the answer. */
  records: string[];
  ttlsS: number[];
  /** From the query to this reply. */
  tookMs: number;
}

/** The result of one query. */
export interface DnsExchange {
  /** `answered`, `silent` (no reply within the time), over TCP `connected, then silent` or `closed`, or an error code as the kernel names it. */
  outcome: string;
  replies: DnsReply[];
}

/** How long to wait for a second reply to the same query. The server sends both in one turn of its event loop, so this is enough. */
const secondReplyMs = 30;
const types: Record<string, number> = { A: Packet.TYPE.A, AAAA: Packet.TYPE.AAAA, HTTPS: 65 };

/**
 * Sends one query and collects the replies; waits for the first one at most `timeoutMs`.
 * The id is even, so that an id with a wrong last bit does not belong to another query.
 */
export function ask(server: string, port: number, transport: 'udp' | 'tcp', name: string, type: string, timeoutMs: number): Promise<DnsExchange> {
  const id = Math.floor(Math.random() * 0x8000) * 2;
  const packet = new Packet();
  packet.header = new Packet.Header({ id, rd: 1 });
  packet.questions = [new Packet.Question({ name, type: types[type] ?? 0, class: Packet.CLASS.IN })];
  return (transport === 'udp' ? askUdp : askTcp)(server, port, packet.toBuffer(), id, timeoutMs);
}

/** Uses a connected socket, because only there is an ICMP port unreachable an error (udp(7)). */
function askUdp(server: string, port: number, query: Buffer, id: number, timeoutMs: number): Promise<DnsExchange> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    const replies: DnsReply[] = [];
    const socket = createSocket(server.includes(':') ? 'udp6' : 'udp4');
    let isDone = false;
    const done = (outcome: string): void => {
      clearTimeout(timer);
      if (isDone) return;
      isDone = true;
      socket.removeAllListeners().on('error', () => undefined).close();
      resolve({ outcome, replies });
    };
    // First handle what the kernel already holds: see held.ts. If that is the reply, its own timer ends the wait.
    let timer = setTimeout(() => { setImmediate(() => { if (replies.length === 0) done('silent'); }); }, timeoutMs);
    socket.on('message', (bytes) => {
      replies.push(read(bytes, id, startMs));
      clearTimeout(timer);
      timer = setTimeout(() => { setImmediate(done, 'answered'); }, secondReplyMs);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => { done(error.code ?? error.message); });
    socket.connect(port, server, () => { socket.send(query); });
  });
}

/** On TCP each message has a two-byte length before it (RFC 1035 section 4.2.2). */
function askTcp(server: string, port: number, query: Buffer, id: number, timeoutMs: number): Promise<DnsExchange> {
  const startMs = nowMs();
  return new Promise((resolve) => {
    let received = Buffer.alloc(0);
    let connected = false;
    const done = (outcome: string, replies: DnsReply[] = []): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ outcome, replies });
    };
    const timer = setTimeout(() => { setImmediate(() => { done(connected ? 'connected, then silent' : 'silent'); }); }, timeoutMs);
    const socket = connect({ host: server, port }, () => {
      connected = true;
      const length = Buffer.alloc(2);
      length.writeUInt16BE(query.length);
      socket.write(Buffer.concat([length, query]));
    });
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      if (received.length >= 2 && received.length >= 2 + received.readUInt16BE(0)) done('answered', [read(received.subarray(2, 2 + received.readUInt16BE(0)), id, startMs)]);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => { done(error.code ?? error.message); });
    socket.on('end', () => { done('closed'); });
  });
}

function read(bytes: Buffer, id: number, startMs: number): DnsReply {
  const { header, answers, authorities } = Packet.parse(bytes);
  return {
    ownId: header.id === id,
    rcode: header.rcode,
    truncated: header.tc === 1,
    aa: header.aa === 1,
    ra: header.ra === 1,
    soa: authorities.some(({ type }) => type === Packet.TYPE.SOA),
    records: answers.map(recordText),
    ttlsS: answers.map(({ ttl }) => ttl),
    tookMs: nowMs() - startMs,
  };
}

/** dns2 does not know HTTPS records. It hands out their data as bytes. */
function recordText({ type, address, domain, data }: { type: number; address?: string; domain?: string; data?: unknown }): string {
  if (type === Packet.TYPE.CNAME) return `CNAME ${domain ?? ''}`;
  if (type === types['HTTPS'] && Buffer.isBuffer(data)) return `HTTPS ${httpsRecordText(data)}`;
  return `${type === Packet.TYPE.A ? 'A' : 'AAAA'} ${address ?? ''}`;
}

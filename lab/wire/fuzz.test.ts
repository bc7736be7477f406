/** The decoders of the wire with broken and with random bytes: they tell only what the vocabulary has, and the same however the bytes are cut. */
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { expect } from 'vitest';
import { ACK, came, sent, SYN } from '../testing/frames.ts';
import { fuzz, type Dice } from '../testing/fuzz.ts';
import { httpConversations } from '../testing/http-conversations.ts';
import { decodeFrames, encodeFrames } from '../vocabulary/frame-records.ts';
import { parseControlLine } from '../vocabulary/json-lines.ts';
import { shuffled } from '../vocabulary/random.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { WireDecoder } from './decoder.ts';
import { DnsOverTcp, parseDnsMessage } from './dns.ts';
import { Http1 } from './http1.ts';
import { parseFrame } from './packets.ts';
import type { WireEvent } from './stream.ts';

const { client } = createTopology().hosts;
const realFrames = readFileSync(new URL('../testing/real-frames.txt', import.meta.url), 'utf8').split('\n').filter((line) => /^[0-9a-f]/.test(line)).map((line) => Buffer.from(line, 'hex'));
const dnsMessages = realFrames.map((frame) => parseFrame(frame)).flatMap((packet) => (packet.kind === 'udp' ? [packet.payload] : []));

const decodeAll = (frames: readonly Buffer[]): ReturnType<WireDecoder['decode']> => {
  const decoder = new WireDecoder([client.ipv4, client.ipv6]);
  return frames.flatMap((bytes, index) => decoder.decode({ number: index + 1, bytes, atMs: index, realtimeNs: 0n, lengthBytes: bytes.length }));
};

/** No more bytes are late than the frame has. */
function checkBytes(frames: readonly Buffer[]): void {
  for (const event of decodeAll(frames)) {
    if (!('bytes' in event)) continue;
    const packet = parseFrame(frames[event.atMs] ?? Buffer.alloc(0));
    expect(event.bytes).toBeGreaterThan(0);
    expect(event.bytes).toBeLessThanOrEqual(packet.kind === 'tcp' ? packet.payloadBytes : 0);
  }
}

/** A packet tells only of bytes that are there, and of addresses. */
function checkPacket(frame: Buffer): boolean {
  const packet = parseFrame(frame);
  const addresses: string[] = [];
  switch (packet.kind) {
    case 'tcp':
      addresses.push(packet.from, packet.to);
      expect(packet.payload.length).toBeLessThanOrEqual(Math.min(packet.payloadBytes, frame.length - 54));
      break;
    case 'udp':
      addresses.push(packet.from, packet.to);
      expect(packet.payload.length).toBeLessThanOrEqual(frame.length - 42);
      break;
    case 'unreachable':
    case 'icmp':
      addresses.push(packet.from, packet.to, packet.about.from, packet.about.to);
      break;
    case 'neighbour-solicitation':
    case 'neighbour-answer':
      addresses.push(packet.from, packet.address);
      break;
    case 'malformed':
      expect(packet.reason).not.toBe('');
      break;
    case 'other':
      break;
  }
  if ('family' in packet) expect(addresses.map(isIP)).toEqual(addresses.map(() => packet.family));
  return packet.kind !== 'malformed' && packet.kind !== 'other';
}

fuzz('frames: real ones with mistakes', { inputs: 60_000, accepted: 30, make: (dice) => dice.mutated(dice.oneOf(realFrames)), check: checkPacket });

/** An Ethernet frame with an IP header that is mostly right, and random bytes behind it. */
function drawFrame(dice: Dice): Buffer {
  const payload = dice.bytes(120);
  const length = dice.chance(80) ? payload.length : dice.below(65_536);
  const protocol = dice.oneOf([1, 6, 17, 58, 0, 44, dice.below(256)]);
  const ipv4 = Buffer.concat([Buffer.from([0x45 + (dice.chance(10) ? dice.below(16) : 0), 0]), word(20 + length), word(dice.below(65_536)), word(dice.chance(10) ? dice.below(65_536) : 0x4000), Buffer.from([64, protocol]), dice.exactly(10)]);
  const ipv6 = Buffer.concat([Buffer.from([0x60, 0, 0, 0]), word(length), Buffer.from([protocol, 64]), dice.exactly(32)]);
  const [type, header] = dice.oneOf([[0x0800, ipv4], [0x86dd, ipv6], [0x0806, Buffer.from([0, 1, 8, 0, 6, 4, 0, 1 + dice.below(3)])], [0x8100, Buffer.concat([word(5), word(0x0800), ipv4])], [dice.below(65_536), dice.bytes(20)]] as const);
  return Buffer.concat([dice.exactly(12), word(type), header, payload]);
}

const word = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);

fuzz('frames: random bytes', { inputs: 40_000, accepted: 20, make: drawFrame, check: checkPacket });

fuzz('frames: real ones, cut', {
  inputs: 20_000,
  accepted: 5,
  make: (dice) => { const frame = dice.oneOf(realFrames); return { frame, cut: frame.subarray(0, dice.below(frame.length)) }; },
  check: ({ cut }) => {
    const packet = parseFrame(cut);
    if (packet.kind === 'tcp') expect(packet.payload.length).toBeLessThan(packet.payloadBytes);
    else expect(['malformed', 'other']).toContain(packet.kind);
    return packet.kind === 'tcp';
  },
});

fuzz('decoder: a capture with mistakes', {
  inputs: 2_000,
  accepted: 50,
  make: (dice) => {
    const from = dice.below(realFrames.length);
    return realFrames.slice(from, from + dice.below(60)).flatMap((frame) => {
      if (dice.chance(10)) return [];
      if (dice.chance(10)) return [frame, frame];
      if (dice.chance(10)) return [dice.oneOf(realFrames), frame];
      return [dice.chance(20) ? dice.mutated(frame) : frame];
    });
  },
  check: (frames) => {
    const events = decodeAll(frames);
    for (const event of events) {
      expect(parseControlLine(JSON.stringify(event))).toEqual(event);
      if ('addresses' in event) expect(event.addresses?.every((address) => isIP(address) > 0), JSON.stringify(event)).toBe(true);
      if ('address' in event) expect(isIP(event.address), JSON.stringify(event)).toBeGreaterThan(0);
    }
    checkBytes(frames);
    return events.some(({ event }) => event !== 'wire:malformed');
  },
});

/** Conversations that no broken message ends at a moment that depends on the other side. */
const wellFormed = httpConversations.filter(({ tsharkDiffers, title }) => tsharkDiffers === undefined && !/longest|too long|broken chunk/.test(title));

fuzz('flow: segments out of order, repeated and overlapping tell the same messages', {
  inputs: 5_000,
  accepted: 90,
  make: (dice) => {
    const start = dice.oneOf([100, 2 ** 32 - 40]);
    const next = { '>': start + 1, '<': start + 2 };
    const { said } = dice.oneOf(wellFormed);
    const frames = said.flatMap((text) => {
      const [side, bytes] = [text[0] as '>' | '<', Buffer.from(text.slice(1), 'latin1')];
      const first = next[side];
      next[side] += bytes.length;
      let at = 0;
      const segments = dice.inPieces(bytes).flatMap((piece) => {
        const from = Math.max(at - (dice.chance(20) ? dice.below(20) : 0), 0);
        at += piece.length;
        const segment = (side === '>' ? sent : came)({ sequence: first + from, payload: bytes.subarray(from, at) });
        return dice.chance(20) ? [segment, segment] : [segment];
      });
      return dice.chance(50) ? shuffled(segments, dice.random) : segments;
    });
    return { said, frames: [sent({ flags: SYN, sequence: start }), came({ flags: SYN | ACK, sequence: start + 1 }), ...frames] };
  },
  check: ({ said, frames }) => {
    const expected = takeAll(said.map((text) => [text[0] ?? '', Buffer.from(text.slice(1), 'latin1')]));
    expect(messagesOf(decodeAll(frames))).toEqual(messagesOf(expected));
    checkBytes(frames);
    return expected.length > 0;
  },
});

/** Which messages there were, without their times and first lines. */
function messagesOf(events: readonly { event: string }[]): string[] {
  return events.flatMap((event) => (event.event === 'wire:request' || event.event === 'wire:response' ? [`${event.event} ${String('count' in event && event.count)}`] : []));
}

function takeAll(said: readonly [side: string, bytes: Buffer][]): WireEvent[] {
  const http = new Http1({ address: '198.51.100.11', port: 8080, localPort: 40_000, family: 4 });
  return said.flatMap(([side, bytes]) => http.take(side === '>' ? 'client' : 'server', bytes));
}

/** Words of HTTP, right and wrong. */
const words = [
  'GET / HTTP/1.1', 'POST /x HTTP/1.0', 'HEAD * HTTP/1.1', 'CONNECT a:1 HTTP/1.1', 'PRI * HTTP/2.0', 'HTTP/1.1 200 OK', 'HTTP/1.1 100 Continue', 'HTTP/1.1 101 S', 'HTTP/1.0 204', 'HTTP/1.1 304 N', 'HTTP/1.1 1', 'HTTP/2 200',
  '\r\n', '\n', '\r', '\r\n\r\n', 'content-length: 3', 'Content-Length: 0', 'content-length: 99999999999999999999', 'transfer-encoding: chunked', '3\r\nabc', '0', 'ffffffffffffffff', '-1', ';x', ' ', '\0', 'abc', 'x'.repeat(300),
];

fuzz('HTTP: in one piece or in many, a conversation has the same messages', {
  inputs: 30_000,
  accepted: 50,
  make: (dice) => {
    const said: [string, Buffer][] = dice.chance(50)
      ? dice.oneOf(httpConversations.filter(({ title }) => !/longest|too long|does not end/.test(title))).said.map((text) => [text[0] ?? '', dice.chance(30) ? dice.mutated(Buffer.from(text.slice(1), 'latin1')) : Buffer.from(text.slice(1), 'latin1')])
      : dice.some(8, () => [dice.oneOf(['>', '<']), Buffer.from(dice.some(10, () => dice.oneOf(words)).join(dice.oneOf(['', '\r\n', '\n'])), 'latin1')]);
    return { said, pieces: said.flatMap(([side, bytes]) => dice.inPieces(bytes).map((piece): [string, Buffer] => [side, piece])) };
  },
  check: ({ said, pieces }) => {
    const [whole, cut] = [takeAll(said), takeAll(pieces)];
    expect(messagesOf(cut)).toEqual(messagesOf(whole));
    for (const event of [...whole, ...cut]) expect(parseControlLine(JSON.stringify({ ...event, atMs: 0 }))).toEqual({ ...event, atMs: 0 });
    // No more messages than there are first bytes of them.
    expect(whole.length).toBeLessThanOrEqual(said.reduce((sum, [, bytes]) => sum + bytes.length, 0));
    return whole.length > 0;
  },
});

fuzz('DNS: messages with mistakes, and random ones', {
  inputs: 40_000,
  accepted: 15,
  make: (dice) => (dice.chance(80) ? dice.mutated(dice.oneOf(dnsMessages)) : dice.bytes(100)),
  check: (bytes) => {
    let message;
    try {
      message = parseDnsMessage(bytes);
    } catch (error) {
      expect((error as Error).constructor, String(error)).toBe(Error);
      return false;
    }
    expect(message.addresses.every((address) => isIP(address) > 0)).toBe(true);
    expect(message.name.length).toBeLessThan(255);
    expect(message.id).toBe(bytes.readUInt16BE(0));
    return true;
  },
});

fuzz('DNS over TCP: in one piece or in many, a stream has the same messages', {
  inputs: 5_000,
  accepted: 60,
  make: (dice) => {
    const stream = Buffer.concat(dice.some(6, () => {
      const message = dice.chance(70) ? dice.oneOf(dnsMessages) : dice.bytes(60);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(dice.chance(5) ? dice.below(65_536) : message.length);
      return Buffer.concat([length, message]);
    }));
    return { stream, pieces: dice.inPieces(stream) };
  },
  check: ({ stream, pieces }) => {
    const read = (parts: readonly Buffer[]): string[] => {
      const messages: string[] = [];
      const dns = new DnsOverTcp((message) => { messages.push(message.toString('hex')); return []; });
      for (const part of parts) dns.take('client', part);
      return messages;
    };
    expect(read(pieces)).toEqual(read([stream]));
    expect(read(pieces).join('').length / 2).toBeLessThanOrEqual(stream.length);
    return read(pieces).length > 0;
  },
});

fuzz('records of frames: with mistakes, and cut', {
  inputs: 5_000,
  accepted: 50,
  make: (dice) => dice.mutated(encodeFrames(dice.some(4, () => ({ number: dice.below(9), seconds: dice.below(2 ** 31), nanoseconds: dice.below(1e9), lengthBytes: dice.below(9_000), bytes: dice.bytes(80) })), BigInt(dice.below(2 ** 31)))),
  check: (records) => {
    const frames = decodeFrames(records);
    expect(frames.reduce((sum, { bytes }) => sum + 28 + bytes.length, 0)).toBeLessThanOrEqual(records.length);
    for (const { atMs } of frames) expect(Number.isFinite(atMs)).toBe(true);
    return frames.length > 0;
  },
});

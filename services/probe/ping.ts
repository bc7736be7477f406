/**
 * Sends echo requests (RFC 792, RFC 4443 section 4) on a raw socket. Their answers may be late, duplicated, out of order, corrupted or
 * lost. The target's kernel answers, so no service of the lab sees these packets.
 */
import { promisify } from 'node:util';
import { randomInt } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { nowMs } from '../../lab/vocabulary/events.ts';
import { AF_INET, AF_INET6, calls, expectCall, pollSet, setOption, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET, timespec } from '../libc.ts';

export interface PingRequest {
  address: string;
  count: number;
  /** Number of requests that leave together. */
  batch: number;
  /** Time from one batch to the next. */
  everyMs: number;
  /** Size of the payload. */
  bytes: number;
  /** True: the ping ends when every request has an answer. False: it also waits for second copies. */
  untilAnswered: boolean;
  /** The least time to wait for answers after the last request. */
  waitMs: number;
  /** The most time to wait for answers after the last request. The whole time is used if no answer has come. */
  limitMs: number;
}

export interface Echo {
  sequence: number;
  rttMs: number;
  /** Time from the first request of the ping to this answer. */
  sinceMs: number;
}

export interface PingResult {
  sent: number;
  /** The answers in the order of their arrival. A duplicated answer is in the list twice. */
  echoes: Echo[];
}

const IPPROTO_ICMP = 1;
const IPPROTO_ICMPV6 = 58;
const SO_RCVBUF = 8;
const MSG_DONTWAIT = 0x40;
const headerBytes = 8;
const types = { 4: { request: 8, reply: 0 }, 6: { request: 128, reply: 129 } } as const;

const ppoll = promisify(calls.ppoll.async) as (fds: Buffer, count: number, timeout: Buffer, mask: null) => Promise<number>;

/** Sends the requests and returns the answers. @throws {Error} if raw sockets are not allowed. */
export async function ping({ address, count, batch, everyMs, bytes, untilAnswered, waitMs, limitMs }: PingRequest): Promise<PingResult> {
  const family = isIPv6(address) ? 6 : 4;
  const fd = expectCall('socket SOCK_RAW', calls.socket(family === 6 ? AF_INET6 : AF_INET, SOCK_RAW | SOCK_CLOEXEC, family === 6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) as number);
  try {
    setOption(fd, SOL_SOCKET, SO_RCVBUF, [1 << 22]);
    const to = socketAddress(address);
    const identifier = randomInt(1, 0x10000);
    const sentMs: number[] = [];
    const echoes: Echo[] = [];
    const answered = new Set<number>();
    let slowestMs = 0;
    const drain = (): void => {
      for (let message = receive(fd, family); message; message = receive(fd, family)) {
        // An IPv4 raw socket also gets messages with a wrong checksum, which the kernel discards. An IPv6 raw socket does not (raw(7),
        // RFC 3542 section 3.1).
        if (family === 4 && checksumOf(message) !== 0) continue;
        if (message.length < headerBytes || message[0] !== types[family].reply || message.readUInt16BE(4) !== identifier) continue;
        const sequence = message.readUInt16BE(6);
        const sent = sentMs[sequence];
        if (sent === undefined) continue;
        const rttMs = nowMs() - sent;
        slowestMs = Math.max(slowestMs, rttMs);
        answered.add(sequence);
        echoes.push({ sequence, rttMs, sinceMs: nowMs() - (sentMs[0] ?? sent) });
      }
    };
    let nextMs = nowMs();
    let lastMs = nextMs;
    for (;;) {
      const now = nowMs();
      if (sentMs.length < count && now >= nextMs) {
        for (let left = batch; left > 0 && sentMs.length < count; left--) {
          const message = echoRequest(family, identifier, sentMs.length, bytes);
          sentMs.push(nowMs());
          calls.sendto(fd, message, message.length, MSG_DONTWAIT, to, to.length);
        }
        lastMs = nowMs();
        nextMs = Math.max(nextMs + everyMs, lastMs);
      }
      // Read before the answers are: on a busy machine this process may stand still after it has read them, and those that come then must be read, too.
      const lookedMs = nowMs();
      drain();
      // After a silence far longer than the slowest answer took, no more answers will come. The wait is needed even if every request has an
      // answer, because a second copy may still come.
      const endMs = lastMs + (echoes.length === 0 ? limitMs : Math.min(limitMs, 3 * slowestMs + waitMs));
      const isOver = lookedMs >= endMs || (untilAnswered && answered.size === count);
      if (sentMs.length >= count && isOver) return { sent: count, echoes };
      await ppoll(pollSet(fd), 1, timespec((sentMs.length < count ? nextMs : endMs) - nowMs()), null);
    }
  } finally {
    calls.close(fd);
  }
}

/** One buffer is enough, because each message is read before the next one is received. */
const received = Buffer.alloc(65_536);

/** Returns the next ICMP message without the IPv4 header, which IPv4 raw sockets include. Null if none waits. */
function receive(fd: number, family: 4 | 6): Buffer | null {
  const length = calls.recvfrom(fd, received, received.length, MSG_DONTWAIT, null, null) as number;
  if (length < 0) return null;
  return received.subarray(family === 4 ? ((received[0] ?? 0) & 0x0f) * 4 : 0, length);
}

function echoRequest(family: 4 | 6, identifier: number, sequence: number, bytes: number): Buffer {
  const message = Buffer.alloc(headerBytes + bytes);
  message[0] = types[family].request;
  message.writeUInt16BE(identifier, 4);
  message.writeUInt16BE(sequence, 6);
  for (let at = 0; at < bytes; at++) message[headerBytes + at] = at & 0xff;
  // The kernel fills in the checksum of ICMPv6, which includes a pseudo header.
  if (family === 4) message.writeUInt16BE(checksumOf(message), 2);
  return message;
}

/** Returns the checksum (RFC 1071) of a message whose checksum field is 0. For a message with a right checksum the result is 0. */
function checksumOf(message: Buffer): number {
  let sum = message.length % 2 === 1 ? (message.at(-1) ?? 0) << 8 : 0;
  for (let at = 0; at + 1 < message.length; at += 2) sum += message.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** Returns a struct sockaddr_in or sockaddr_in6 with port 0. */
function socketAddress(address: string): Buffer {
  if (!isIPv6(address)) {
    const bytes = Buffer.alloc(16);
    bytes.writeUInt16LE(AF_INET, 0);
    address.split('.').forEach((part, index) => (bytes[4 + index] = Number(part)));
    return bytes;
  }
  const bytes = Buffer.alloc(28);
  bytes.writeUInt16LE(AF_INET6, 0);
  const [before = '', after] = address.split('::');
  const words = (text: string | undefined): number[] => (text ? text.split(':').map((word) => parseInt(word, 16)) : []);
  const [head, tail] = [words(before), words(after)];
  [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail].forEach((word, index) => bytes.writeUInt16BE(word, 8 + 2 * index));
  return bytes;
}

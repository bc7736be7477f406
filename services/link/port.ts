/**
 * One side of the relay: a packet socket (packet(7)) on one interface, through koffi. Frames come and go with the kernel's word on
 * what it has left undone (PACKET_VNET_HDR; see frame.ts).
 */
import koffi from 'koffi';
import { offloadBytes } from './frame.ts';

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const ETH_P_ALL = 0x0003;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_STATISTICS = 6;
const PACKET_VNET_HDR = 15;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_MR_PROMISC = 1;
const PACKET_HOST = 0;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const EAGAIN = 11;
const EINTR = 4;
const ENETDOWN = 100;
const ENOBUFS = 105;
const POLLIN = 1;

/** Some hundred segments of 64 KiB, should the relay's thread not run for a moment. */
const bufferBytes = 1 << 23;
/** The largest frame: 64 KiB of IP, uncut, and Ethernet around it. */
const largestBytes = offloadBytes + 14 + 65_536;

const libc = koffi.load('libc.so.6');
const calls = {
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int name, void *value, void *length)'),
  recvfrom: libc.func('long recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *addressLength)'),
  send: libc.func('long send(int fd, const void *bytes, size_t length, int flags)'),
  ppoll: libc.func('int ppoll(void *fds, unsigned long count, const void *timeout, const void *mask)'),
  ifNameToIndex: libc.func('uint32_t if_nametoindex(const char *name)'),
};

export interface PortCounts {
  /** Frames that were lost here although no fault asked for it: no room in the socket, or in the interface's queue. */
  dropped: number;
}

export class Port {
  readonly fd: number;
  readonly #name: string;
  readonly #bytes = Buffer.alloc(largestBytes);
  /** struct sockaddr_ll: family, protocol, interface, hardware type, then one byte of packet type. */
  readonly #from = Buffer.alloc(20);
  readonly #fromLength = Buffer.alloc(4);
  #dropped = 0;

  /** @throws {Error} naming the call and its errno. */
  constructor(name: string, { promiscuous = false } = {}) {
    this.#name = name;
    const index = this.#expect('if_nametoindex', calls.ifNameToIndex(name) as number, (result) => result > 0);
    // Protocol 0 receives nothing until the bind, so that no other interface's frames come in.
    this.fd = this.#expect('socket', calls.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) as number);
    this.#set(SOL_PACKET, PACKET_VNET_HDR, 1);
    // What the relay itself sends here is not what it is to carry.
    this.#set(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1);
    this.#enlarge(SO_RCVBUFFORCE, SO_RCVBUF);
    this.#enlarge(SO_SNDBUFFORCE, SO_SNDBUF);
    const address = Buffer.alloc(20);
    address.writeUInt16LE(AF_PACKET, 0);
    address.writeUInt16BE(ETH_P_ALL, 2);
    address.writeInt32LE(index, 4);
    this.#expect('bind', calls.bind(this.fd, address, address.length) as number);
    if (promiscuous) {
      // struct packet_mreq; it ends with the socket.
      const membership = Buffer.alloc(16);
      membership.writeInt32LE(index, 0);
      membership.writeUInt16LE(PACKET_MR_PROMISC, 4);
      this.#expect('PACKET_ADD_MEMBERSHIP', calls.setsockopt(this.fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, membership, membership.length) as number);
    }
  }

  /**
   * The next frame, in a buffer of its own; null when none waits. `own`: it was addressed to this interface, whose stack takes it.
   */
  receive(): { packet: Buffer; own: boolean } | null {
    for (;;) {
      this.#fromLength.writeUInt32LE(this.#from.length);
      const length = calls.recvfrom(this.fd, this.#bytes, this.#bytes.length, MSG_DONTWAIT | MSG_TRUNC, this.#from, this.#fromLength) as number;
      if (length < 0) {
        const code = koffi.errno();
        // The interface went down; the socket hears again when it is up.
        if (code === ENETDOWN || code === EINTR) continue;
        if (code === EAGAIN) return null;
        throw this.#error('recvfrom', code);
      }
      if (length > this.#bytes.length) {
        this.#dropped++;
        continue;
      }
      return { packet: Buffer.from(this.#bytes.subarray(0, length)), own: this.#from[10] === PACKET_HOST };
    }
  }

  send(packet: Buffer): void {
    const sent = calls.send(this.fd, packet, packet.length, MSG_DONTWAIT) as number;
    if (sent >= 0) return;
    const code = koffi.errno();
    // A link that is down carries nothing: that is a fault's doing.
    if (code === ENETDOWN) return;
    if (code !== EAGAIN && code !== ENOBUFS) throw this.#error('send', code);
    this.#dropped++;
  }

  counts(): PortCounts {
    // struct tpacket_stats: packets, drops. Reading sets both to 0.
    const statistics = Buffer.alloc(8);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(statistics.length);
    this.#expect('PACKET_STATISTICS', calls.getsockopt(this.fd, SOL_PACKET, PACKET_STATISTICS, statistics, length) as number);
    this.#dropped += statistics.readUInt32LE(4);
    return { dropped: this.#dropped };
  }

  /** Beyond the machine's own limit where that is allowed, else up to it. */
  #enlarge(force: number, plain: number): void {
    const value = Buffer.alloc(4);
    value.writeInt32LE(bufferBytes);
    if ((calls.setsockopt(this.fd, SOL_SOCKET, force, value, 4) as number) < 0) this.#set(SOL_SOCKET, plain, bufferBytes);
  }

  #set(level: number, option: number, value: number): void {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32LE(value);
    this.#expect(`setsockopt ${level} ${option}`, calls.setsockopt(this.fd, level, option, bytes, 4) as number);
  }

  #expect(call: string, result: number, holds = (value: number): boolean => value >= 0): number {
    if (!holds(result)) throw this.#error(call, koffi.errno());
    return result;
  }

  #error(call: string, code: number): Error {
    const name = Object.entries(koffi.os.errno).find(([, number]) => number === code)?.[0] ?? `errno ${code}`;
    return new Error(`${call} on ${this.#name}: ${name}`);
  }
}

/** Waits until a frame is there or the time is over. The kernel wakes a sleeper some 50 µs late (prctl(2), PR_SET_TIMERSLACK). */
export function waitForFrames(ports: readonly Port[], timeoutMs: number): void {
  const fds = Buffer.alloc(8 * ports.length);
  ports.forEach(({ fd }, index) => {
    fds.writeInt32LE(fd, 8 * index);
    fds.writeInt16LE(POLLIN, 8 * index + 4);
  });
  const timeout = Buffer.alloc(16);
  const ns = Math.max(Math.round(timeoutMs * 1e6), 0);
  timeout.writeBigInt64LE(BigInt(Math.floor(ns / 1e9)), 0);
  timeout.writeBigInt64LE(BigInt(ns % 1e9), 8);
  calls.ppoll(fds, ports.length, timeout, null);
}

/**
 * A packet socket with a ring of memory that the kernel fills: packet(7) and the kernel's Documentation/networking/packet_mmap.rst,
 * TPACKET_V3. Called through koffi, so that no capture program is needed on the machine, and no root inside a user namespace.
 *
 *   kernel ──writes──▶ block 0 │ block 1 │ … │ block n ──this process reads, and gives back──▶
 *                      a block is handed over when it is full, or `retireMs` after its first frame
 */
import { promisify } from 'node:util';
import koffi from 'koffi';

export interface Frame {
  /** CLOCK_REALTIME, as the kernel stamped it. */
  seconds: number;
  nanoseconds: number;
  /** How long the frame was; `bytes` may hold less. */
  lengthBytes: number;
  bytes: Buffer;
}

/** What the kernel has counted since the socket was opened. */
export interface PacketStatistics {
  /** All frames, dropped ones included. */
  received: number;
  /** For want of room in the ring. */
  dropped: number;
}

const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const ETH_P_ALL = 0x0003;
const SOL_PACKET = 263;
const PACKET_RX_RING = 5;
const PACKET_STATISTICS = 6;
const PACKET_VERSION = 10;
const TPACKET_V3 = 2;
const TP_STATUS_USER = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const POLLIN = 1;

/** 32 blocks of 256 KiB: a burst of some 10,000 small frames, or of 100 that segmentation offload makes 64 KiB long. */
const blockBytes = 1 << 18;
const blockCount = 32;
/** Only a hint to the kernel under TPACKET_V3; it must divide a block. */
const frameBytes = 1 << 11;
const retireMs = 2;

const libc = koffi.load('libc.so.6');
const calls = {
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)'),
  mmap: libc.func('void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset)'),
  poll: libc.func('int poll(_Inout_ uint8_t *fds, unsigned long count, int timeoutMs)'),
  ifNameToIndex: libc.func('uint32_t if_nametoindex(const char *name)'),
};

/** Opens the socket on one interface; every frame from here on is in the ring. @throws {Error} naming the call and its errno. */
export function openPacketSocket(interfaceName: string) {
  const index = expectCall(`if_nametoindex ${interfaceName}`, calls.ifNameToIndex(interfaceName) as number, (result) => result > 0);
  // Protocol 0 receives nothing until the bind, so that no other interface's frames come in.
  const fd = expectCall('socket AF_PACKET', calls.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) as number);
  setOption(fd, PACKET_VERSION, [TPACKET_V3]);
  // struct tpacket_req3: block size, blocks, frame size, frames, retire time, private area, features.
  setOption(fd, PACKET_RX_RING, [blockBytes, blockCount, frameBytes, (blockBytes / frameBytes) * blockCount, retireMs, 0, 0]);
  const mapped = calls.mmap(null, blockBytes * blockCount, PROT_READ_WRITE, MAP_SHARED, fd, 0) as unknown;
  const ring = Buffer.from(koffi.view(mapped, blockBytes * blockCount));
  expectCall('bind', calls.bind(fd, socketAddress(index), 20) as number);

  const poll = promisify(calls.poll.async) as (fds: Buffer, count: number, timeoutMs: number) => Promise<number>;
  const counted: PacketStatistics = { received: 0, dropped: 0 };
  let block = 0;
  let read = 0;

  /** Every frame that the kernel has handed over, in order. */
  const take = function* (): Generator<Frame> {
    // struct tpacket_block_desc: version, offset, then status, frames, offset of the first.
    for (let at = block * blockBytes; ring.readUInt32LE(at + 8) & TP_STATUS_USER; at = block * blockBytes) {
      let header = at + ring.readUInt32LE(at + 16);
      for (let left = ring.readUInt32LE(at + 12); left > 0; left--) {
        yield frameAt(ring, header);
        read++;
        header += ring.readUInt32LE(header);
      }
      ring.writeUInt32LE(0, at + 8);
      block = (block + 1) % blockCount;
    }
  };

  return {
    take,
    /** Waits until there is something to take, or for `limitMs`. */
    wait: async (limitMs: number): Promise<void> => {
      await poll(pollSet(fd), 1, limitMs);
    },
    /** Reading the kernel's counters empties them. */
    statistics: (): PacketStatistics => {
      const value = Buffer.alloc(12);
      expectCall('getsockopt PACKET_STATISTICS', calls.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, value, [value.length]) as number);
      counted.received += value.readUInt32LE(0);
      counted.dropped += value.readUInt32LE(4);
      return { ...counted };
    },
    /** How many have been taken. */
    get read() {
      return read;
    },
  };
}

/** A copy, since the block goes back to the kernel. struct tpacket3_hdr: next, seconds, nanoseconds, captured, length, status, offset of the frame. */
function frameAt(ring: Buffer, header: number): Frame {
  const start = header + ring.readUInt16LE(header + 24);
  return {
    seconds: ring.readUInt32LE(header + 4),
    nanoseconds: ring.readUInt32LE(header + 8),
    lengthBytes: ring.readUInt32LE(header + 16),
    bytes: Buffer.from(ring.subarray(start, start + ring.readUInt32LE(header + 12))),
  };
}

/** struct sockaddr_ll: family, protocol in network order, interface; the rest is not looked at. */
function socketAddress(index: number): Buffer {
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  address.writeInt32LE(index, 4);
  return address;
}

/** struct pollfd. */
function pollSet(fd: number): Buffer {
  const set = Buffer.alloc(8);
  set.writeInt32LE(fd, 0);
  set.writeInt16LE(POLLIN, 4);
  return set;
}

function setOption(fd: number, name: number, words: readonly number[]): void {
  const value = Buffer.alloc(words.length * 4);
  words.forEach((word, at) => value.writeUInt32LE(word, at * 4));
  expectCall(`setsockopt ${name}`, calls.setsockopt(fd, SOL_PACKET, name, value, value.length) as number);
}

function expectCall(what: string, result: number, worked = (value: number): boolean => value >= 0): number {
  if (worked(result)) return result;
  const errno = koffi.errno();
  const name = Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
  throw new Error(`${what}: ${name}`);
}

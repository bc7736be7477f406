/**
 * A packet socket with a ring of memory that the kernel fills: packet(7) and the kernel's Documentation/networking/packet_mmap.rst,
 * TPACKET_V3. Called through koffi, so that no capture program is needed on the machine, and no root inside a user namespace.
 *
 *   kernel ──writes──▶ block 0 │ block 1 │ … │ block n ──this process reads, and gives back──▶
 *                      a block is handed over when it is full, or `retireMs` after its first frame
 */
import { promisify } from 'node:util';
import koffi from 'koffi';
import { calls, packetSocket, packetStatistics, pollSet, setOption, SOL_PACKET } from '../libc.ts';

export interface Frame {
  /** The first one of the socket is 1. */
  number: number;
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

const PACKET_RX_RING = 5;
const PACKET_VERSION = 10;
const TPACKET_V3 = 2;
const TP_STATUS_USER = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

/**
 * A block must hold a frame that segmentation offload makes 64 KiB long. The kernel hands over a block a retire time, however little
 * is in it, so that their number times that is for how long this process may be kept from reading: 2.5 s. A burst may have 16 MiB.
 */
const blockBytes = 1 << 17;
const blockCount = 128;
/** Only a hint to the kernel under TPACKET_V3; it must divide a block. */
const frameBytes = 1 << 11;
const retireMs = 20;

/** Opens the socket on one interface; every frame from here on is in the ring. @throws {Error} naming the call and its errno. */
export function openPacketSocket(interfaceName: string) {
  const { fd, bind } = packetSocket(interfaceName);
  setOption(fd, SOL_PACKET, PACKET_VERSION, [TPACKET_V3]);
  // struct tpacket_req3: block size, blocks, frame size, frames, retire time, private area, features.
  setOption(fd, SOL_PACKET, PACKET_RX_RING, [blockBytes, blockCount, frameBytes, (blockBytes / frameBytes) * blockCount, retireMs, 0, 0]);
  const mapped = calls.mmap(null, blockBytes * blockCount, PROT_READ_WRITE, MAP_SHARED, fd, 0) as unknown;
  const ring = Buffer.from(koffi.view(mapped, blockBytes * blockCount));
  bind();

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
        yield { number: ++read, ...frameAt(ring, header) };
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
      const { received, dropped } = packetStatistics(fd);
      counted.received += received;
      counted.dropped += dropped;
      return { ...counted };
    },
    /** How many have been taken. */
    get read() {
      return read;
    },
  };
}

/** A copy, since the block goes back to the kernel. struct tpacket3_hdr: next, seconds, nanoseconds, captured, length, status, offset of the frame. */
function frameAt(ring: Buffer, header: number): Omit<Frame, 'number'> {
  const start = header + ring.readUInt16LE(header + 24);
  return {
    seconds: ring.readUInt32LE(header + 4),
    nanoseconds: ring.readUInt32LE(header + 8),
    lengthBytes: ring.readUInt32LE(header + 16),
    bytes: Buffer.from(ring.subarray(start, start + ring.readUInt32LE(header + 12))),
  };
}

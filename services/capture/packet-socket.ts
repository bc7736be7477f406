/**
 * A packet socket with a ring of memory that the kernel fills: packet(7) and the kernel's Documentation/networking/packet_mmap.rst,
 * TPACKET_V3. It is called through koffi, so it needs no capture program on the machine and, in a user namespace, no root.
 *
 *   kernel ──writes──▶ block 0 │ block 1 │ … │ block n ──this process reads, and gives back──▶
 *                      a block is handed over when it is full, or `retireMs` after its first frame
 */
import { promisify } from 'node:util';
import koffi from 'koffi';
import { calls, packetSocket, packetStatistics, pollSet, setOption, SOL_PACKET } from '../libc.ts';

export interface Frame {
  /** The first frame of the socket has number 1. */
  number: number;
  /** The kernel's time stamp, CLOCK_REALTIME. */
  seconds: number;
  nanoseconds: number;
  /** Length of the whole frame; `bytes` may hold less. */
  lengthBytes: number;
  bytes: Buffer;
}

/** The kernel's counts since the socket was opened. */
export interface PacketStatistics {
  /** All frames, dropped ones included. */
  received: number;
  /** Frames for which the ring had no room. */
  dropped: number;
}

const PACKET_RX_RING = 5;
const PACKET_VERSION = 10;
const TPACKET_V3 = 2;
const TP_STATUS_USER = 1;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;

/**
 * A block must hold a frame of 64 KiB, which segmentation offload can make. The kernel hands over one block for each retire time, even if
 * the block is almost empty. So no frame is lost if this process cannot read for 128 retire times, 2.5 s. A burst may have 16 MiB.
 */
const blockBytes = 1 << 17;
const blockCount = 128;
/** Under TPACKET_V3 this is only a hint to the kernel. It must divide the block size. */
const frameBytes = 1 << 11;
const retireMs = 20;

/** Opens the socket on one interface. From now on the kernel puts every frame into the ring. @throws {Error} naming the call and its errno. */
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

  /** Yields every frame that the kernel has handed over, in order, and gives the blocks back. */
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
    /** Waits until there is a frame to take, at most `limitMs`. */
    wait: async (limitMs: number): Promise<void> => {
      await poll(pollSet(fd), 1, limitMs);
    },
    /** Adds up the kernel's counters, because reading them resets them. */
    statistics: (): PacketStatistics => {
      const { received, dropped } = packetStatistics(fd);
      counted.received += received;
      counted.dropped += dropped;
      return { ...counted };
    },
    /** Number of frames that have been taken. */
    get read() {
      return read;
    },
  };
}

/** Returns a copy, because the block goes back to the kernel. struct tpacket3_hdr: next, seconds, nanoseconds, captured, length, status, offset of the frame. */
function frameAt(ring: Buffer, header: number): Omit<Frame, 'number'> {
  const start = header + ring.readUInt16LE(header + 24);
  return {
    seconds: ring.readUInt32LE(header + 4),
    nanoseconds: ring.readUInt32LE(header + 8),
    lengthBytes: ring.readUInt32LE(header + 16),
    bytes: Buffer.from(ring.subarray(start, start + ring.readUInt32LE(header + 12))),
  };
}

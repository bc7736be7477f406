/**
 * One side of the relay: a packet socket (packet(7)) on one interface, through koffi. Before each frame stands a header in which the
 * kernel says which work it has left to the hardware (PACKET_VNET_HDR; see frame.ts).
 */
import { calls, errorName, lastError, packetSocket, packetStatistics, pollSet, setOption, SOL_PACKET, SOL_SOCKET, timespec, trySetOption } from '../libc.ts';
import { offloadBytes } from './frame.ts';

const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const SO_SNDBUFFORCE = 32;
const SO_RCVBUFFORCE = 33;
const PACKET_ADD_MEMBERSHIP = 1;
const PACKET_VNET_HDR = 15;
const PACKET_IGNORE_OUTGOING = 23;
const PACKET_MR_PROMISC = 1;
const PACKET_HOST = 0;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;
const EINTR = 4;
const EAGAIN = 11;
const ENETDOWN = 100;
const ENOBUFS = 105;

/** Room for about a hundred segments of 64 KiB, in case the relay's thread does not run for a moment. */
const bufferBytes = 1 << 23;
/** The largest frame: an uncut IP packet of 64 KiB and its Ethernet header. */
const largestBytes = offloadBytes + 14 + 65_536;

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
    const { fd, index, bind } = packetSocket(name);
    this.fd = fd;
    setOption(fd, SOL_PACKET, PACKET_VNET_HDR, [1]);
    // The relay must not carry the frames that it sends on this interface itself.
    setOption(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, [1]);
    // The FORCE options may exceed the machine's limit. Where they are not allowed, the plain options go up to the limit.
    for (const [force, plain] of [[SO_RCVBUFFORCE, SO_RCVBUF], [SO_SNDBUFFORCE, SO_SNDBUF]] as const) {
      if (!trySetOption(fd, SOL_SOCKET, force, [bufferBytes])) setOption(fd, SOL_SOCKET, plain, [bufferBytes]);
    }
    // struct packet_mreq: interface, type. Promiscuous mode ends with the socket.
    if (promiscuous) setOption(fd, SOL_PACKET, PACKET_ADD_MEMBERSHIP, [index, PACKET_MR_PROMISC, 0, 0]);
    bind();
  }

  /**
   * Returns the next frame, or null if no frame waits. The next call overwrites the frame. `own`: the frame is addressed to this interface, so the
   * interface's own stack takes it.
   * @throws {Error} naming the call and its errno.
   */
  receive(): { packet: Buffer; own: boolean } | null {
    for (;;) {
      this.#fromLength.writeUInt32LE(this.#from.length);
      const length = calls.recvfrom(this.fd, this.#bytes, this.#bytes.length, MSG_DONTWAIT | MSG_TRUNC, this.#from, this.#fromLength) as number;
      if (length < 0) {
        const code = lastError();
        // The interface went down. The socket receives frames again when the interface is up.
        if (code === ENETDOWN || code === EINTR) continue;
        if (code === EAGAIN) return null;
        throw this.#error('recvfrom', code);
      }
      if (length > this.#bytes.length) {
        this.#dropped++;
        continue;
      }
      return { packet: this.#bytes.subarray(0, length), own: this.#from[10] === PACKET_HOST };
    }
  }

  /** Sends a frame. A frame for which there is no room is counted in `dropped`. @throws {Error} naming the call and its errno. */
  send(packet: Buffer): void {
    const sent = calls.send(this.fd, packet, packet.length, MSG_DONTWAIT) as number;
    if (sent >= 0) return;
    const code = lastError();
    // A fault has taken the interface down, so this loss is expected and not counted.
    if (code === ENETDOWN) return;
    if (code !== EAGAIN && code !== ENOBUFS) throw this.#error('send', code);
    this.#dropped++;
  }

  /** Number of frames that were lost here although no fault asked for it, because the socket or the interface's queue was full. */
  get dropped(): number {
    this.#dropped += packetStatistics(this.fd).dropped;
    return this.#dropped;
  }

  #error(call: string, code: number): Error {
    return new Error(`${call} on ${this.#name}: ${errorName(code)}`);
  }
}

/** Waits until a frame has arrived or `timeoutMs` is over. The kernel wakes a sleeping thread about 50 µs late (prctl(2), PR_SET_TIMERSLACK). */
export function waitForFrames(ports: readonly Port[], timeoutMs: number): void {
  calls.ppoll(pollSet(...ports.map(({ fd }) => fd)), ports.length, timespec(timeoutMs), null);
}

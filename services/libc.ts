/** The socket functions of the C library, through koffi. Node itself has no packet sockets (packet(7)) and no raw sockets (raw(7)). */
import koffi from 'koffi';

const libc = koffi.load('libc.so.6');

/** The functions as in the man pages of section 2. A `void *` parameter takes a Buffer. */
export const calls = {
  socket: libc.func('int socket(int domain, int type, int protocol)'),
  bind: libc.func('int bind(int fd, const void *address, uint32_t length)'),
  setsockopt: libc.func('int setsockopt(int fd, int level, int name, const void *value, uint32_t length)'),
  getsockopt: libc.func('int getsockopt(int fd, int level, int name, _Out_ uint8_t *value, _Inout_ uint32_t *length)'),
  recvfrom: libc.func('long recvfrom(int fd, void *bytes, size_t length, int flags, void *address, void *addressLength)'),
  send: libc.func('long send(int fd, const void *bytes, size_t length, int flags)'),
  sendto: libc.func('long sendto(int fd, const void *bytes, size_t length, int flags, const void *address, uint32_t addressLength)'),
  close: libc.func('int close(int fd)'),
  mmap: libc.func('void *mmap(void *address, size_t length, int protection, int flags, int fd, long offset)'),
  poll: libc.func('int poll(_Inout_ uint8_t *fds, unsigned long count, int timeoutMs)'),
  ppoll: libc.func('int ppoll(void *fds, unsigned long count, const void *timeout, const void *mask)'),
  ifNameToIndex: libc.func('uint32_t if_nametoindex(const char *name)'),
};

export const AF_INET = 2;
export const AF_INET6 = 10;
const AF_PACKET = 17;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0o2000000;
const ETH_P_ALL = 0x0003;
export const SOL_SOCKET = 1;
export const SOL_PACKET = 263;
export const PACKET_STATISTICS = 6;
const POLLIN = 1;

/**
 * Opens a packet socket. It receives no frames from any interface until `bind` binds it to the given one.
 * @throws {Error} naming the call and its errno.
 */
export function packetSocket(interfaceName: string): { fd: number; index: number; bind(): void } {
  const index = expectCall(`if_nametoindex ${interfaceName}`, calls.ifNameToIndex(interfaceName) as number, (result) => result > 0);
  // With protocol 0 the socket receives no frames until the bind.
  const fd = expectCall('socket AF_PACKET', calls.socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0) as number);
  // struct sockaddr_ll: family, protocol in network order, interface. The kernel ignores the rest.
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ALL, 2);
  address.writeInt32LE(index, 4);
  return { fd, index, bind: () => { expectCall('bind', calls.bind(fd, address, address.length) as number); } };
}

/** Sets a socket option that is made of 32-bit words. @throws {Error} naming the option and the errno. */
export function setOption(fd: number, level: number, name: number, words: readonly number[]): void {
  expectCall(`setsockopt ${level} ${name}`, calls.setsockopt(fd, level, name, ...wordsOf(words)) as number);
}

/** Sets a socket option. Returns false if the kernel does not allow it. */
export function trySetOption(fd: number, level: number, name: number, words: readonly number[]): boolean {
  return (calls.setsockopt(fd, level, name, ...wordsOf(words)) as number) >= 0;
}

function wordsOf(words: readonly number[]): [value: Buffer, length: number] {
  const value = Buffer.alloc(words.length * 4);
  words.forEach((word, at) => value.writeUInt32LE(word, at * 4));
  return [value, value.length];
}

/** Returns struct tpacket_stats since the last call, because reading the kernel's counters resets them. @throws {Error} naming the errno. */
export function packetStatistics(fd: number): { received: number; dropped: number } {
  const value = Buffer.alloc(12);
  expectCall('getsockopt PACKET_STATISTICS', calls.getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, value, [value.length]) as number);
  return { received: value.readUInt32LE(0), dropped: value.readUInt32LE(4) };
}

/** Returns one struct pollfd for each socket, to wait for input. */
export function pollSet(...fds: number[]): Buffer {
  const set = Buffer.alloc(8 * fds.length);
  fds.forEach((fd, index) => {
    set.writeInt32LE(fd, 8 * index);
    set.writeInt16LE(POLLIN, 8 * index + 4);
  });
  return set;
}

/** Returns a struct timespec. A negative time becomes 0. */
export function timespec(ms: number): Buffer {
  const time = Buffer.alloc(16);
  const ns = Math.max(Math.round(ms * 1e6), 0);
  time.writeBigInt64LE(BigInt(Math.floor(ns / 1e9)), 0);
  time.writeBigInt64LE(BigInt(ns % 1e9), 8);
  return time;
}

/** Returns the result of a call. @throws {Error} naming the call and its errno if `worked` says that the call failed. */
export function expectCall(what: string, result: number, worked = (value: number): boolean => value >= 0): number {
  if (worked(result)) return result;
  throw new Error(`${what}: ${errorName(koffi.errno())}`);
}

/** Returns the errno of the last call. */
export function lastError(): number {
  return koffi.errno();
}

/** Returns the name of an errno, such as `EPERM`. */
export function errorName(errno: number): string {
  return Object.entries(koffi.os.errno).find(([, number]) => number === errno)?.[0] ?? `errno ${errno}`;
}

/**
 * Runs a program that gives up root, and lets it stay root.
 *
 *   node services/keep-root.ts tcpdump -n
 *
 * tcpdump changes to a user of its own after it has opened its socket (tcpdump(1), -Z), and ends if it cannot. An ordinary user's namespaces have one
 * user, which is their root: there is nobody else to change to or to give a file to, and setgroups(2) is forbidden (user_namespaces(7)). So a filter
 * (seccomp(2)) answers these calls with success, and nothing changes. Root means root of the lab's own namespaces here.
 */
import koffi from 'koffi';

const PR_SET_SECCOMP = 22;
const SECCOMP_MODE_FILTER = 2;
const SIGPIPE = 13;
const F_SETFD = 2;
/** setuid, setgid, setgroups, setresuid, setresgid; and chown, fchown, lchown, fchownat, with which tcpdump gives its file to that user (-w). */
const numbers: Partial<Record<NodeJS.Architecture, readonly number[]>> = { x64: [105, 106, 116, 117, 119, 92, 93, 94, 260], arm64: [146, 144, 159, 147, 149, 54, 55] };

const libc = koffi.load('libc.so.6');
koffi.struct('sock_fprog', { len: 'uint16_t', filter: 'void *' });
const prctl = libc.func('int prctl(int option, unsigned long mode, sock_fprog *program)');
const fcntl = libc.func('int fcntl(int fd, int command, int value)');
const signal = libc.func('void *signal(int number, void *handler)');
const execvp = libc.func('int execvp(const char *file, const char **argv)');

/** struct sock_filter: the code, two jumps, and a value. */
const instructionBytes = 8;

/** Instructions of linux/bpf_common.h: load the number of the call, compare it, and return. */
function filter(calls: readonly number[]): Buffer {
  const instructions: [code: number, jumpIfEqual: number, value: number][] = [
    [0x20, 0, 0],
    ...calls.map((number, index): [number, number, number] => [0x15, calls.length - index, number]),
    // SECCOMP_RET_ALLOW, and SECCOMP_RET_ERRNO with errno 0.
    [0x06, 0, 0x7fff0000],
    [0x06, 0, 0x00050000],
  ];
  const bytes = Buffer.alloc(instructions.length * instructionBytes);
  instructions.forEach(([code, jumpIfEqual, value], index) => {
    bytes.writeUInt16LE(code, index * instructionBytes);
    bytes.writeUInt8(jumpIfEqual, index * instructionBytes + 2);
    bytes.writeUInt32LE(value, index * instructionBytes + 4);
  });
  return bytes;
}

const argv = process.argv.slice(2);
const instructions = filter(numbers[process.arch] ?? []);
prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, { len: instructions.length / instructionBytes, filter: instructions });
// Node marks its standard streams so that no other program inherits them (close-on-exec), and ignores SIGPIPE, which the next program would do, too.
for (const fd of [0, 1, 2]) fcntl(fd, F_SETFD, 0);
signal(SIGPIPE, null);
execvp(argv[0] ?? '', [...argv, null]);
console.error(`${argv[0] ?? ''}: cannot be run: errno ${koffi.errno()}`);
process.exit(127);

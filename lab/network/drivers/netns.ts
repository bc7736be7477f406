/**
 * The netns driver: each host is a network namespace, connected to a bridge in a namespace of its own. It needs no root and no Docker.
 *
 *   unshare ── pause (sh, pid 1 of the lab's pid namespace; holds the user, mount and root network namespace)
 *                │   br0 ── v-client ═ eth0 │ v-dns ═ eth0 │ v-backend-1 ═ eth0 │ …      named namespaces in /run/netns
 *                └── reads stdin until it ends
 *
 * The pause process reads a pipe from this process. However this process ends, the pipe ends too, and then the pause process ends. It is
 * pid 1 of its pid namespace, so the kernel then kills all other processes of that namespace (pid_namespaces(7)). The kernel removes
 * namespaces, interfaces and mounts together with their last user.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { LabError } from '../../vocabulary/errors.ts';
import { interruptionOf, unlessAborted } from '../../vocabulary/limits.ts';
import { endOf, readOutput } from './process-output.ts';
import { localRuntime, nodeArgv } from '../programs.ts';
import { untilUsable } from '../usable-address.ts';
import { addressesOf, hostsOf, type ClientSysctls, type HostName, type Topology } from '../../vocabulary/topology.ts';
import { kernelSettings, type CommandResult, type Driver, type Host, type HostProcess, type Network, type ProcessExit, type StartOptions } from './driver.ts';
import { explainStartFailure, netnsRequirements, searchPath } from './netns-requirements.ts';

/** The driver for Linux. */
export const netns: Driver = {
  name: 'netns',
  requirements: netnsRequirements,
  start: startNetwork,
};

/** Programs that a terminal finds here first: tcpdump gives up root, which it cannot do in a lab's namespaces (services/keep-root.ts). */
const toolFolder = '/run/lab/bin';

/** The argv that makes the namespaces of a lab with util-linux' unshare(1). `--kill-child`: when unshare dies, the pause process dies too. */
export function buildUnshareArgs(script: string): string[] {
  return ['unshare', '--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', script];
}

/**
 * The script of the pause process. It builds the network, prints its own pid as the outer /proc knows it, and waits.
 *
 * The lab has a hosts file of its own, so that it is the same on every machine. A tmpfs on /run holds the names of the network namespaces. It
 * also hides nscd, systemd-resolved and D-Bus, because their answers would bypass the lab's DNS server. Duplicate address detection (DAD)
 * is off. Otherwise the first SYN would be lost, which costs 1 s.
 */
export function buildPauseScript(topology: Topology): string {
  const { hosts, clientSysctls } = topology;
  const hostNames = hostsOf(topology);
  const inEachHost = hostNames.map((name) => {
    const addresses = addressesOf(topology, name);
    const ipv6 = addresses.filter((each) => each.includes(':'));
    return `nsenter --net=/run/netns/${name} sh -ec 'cd /proc/sys/net; for each in ${sysctls.join(' ')}; do { echo \${each#*=} >\${each%=*}; } 2>/dev/null || :; done${name === 'client' ? buildSysctlScript(clientSysctls) : ''}
ip -batch -
${untilUsable(ipv6, 'eth0')}' <<END & pids="$pids $!"
link set lo up
link add eth0 type veth peer name v-${name} netns 1
${ipv6.length > 0 ? '' : 'link set eth0 addrgenmode none\n'}link set eth0 up
${addresses.map((each) => `address add ${each} dev eth0${each.includes(':') ? ' nodad' : ''}`).join('\n')}
END`;
  });
  return `resolv=$(readlink -m /etc/resolv.conf)
nsswitch=$(readlink -m /etc/nsswitch.conf)
mount -t tmpfs lab /run
mkdir -p /run/netns ${toolFolder} "\${resolv%/*}"
[ -e "$resolv" ] || : >"$resolv"
echo 'nameserver ${hosts.dns.ipv4}' >/run/lab/resolv.conf
echo 'hosts: files dns' >/run/lab/nsswitch.conf
mount --bind /run/lab/resolv.conf "$resolv"
[ ! -e "$nsswitch" ] || mount --bind /run/lab/nsswitch.conf "$nsswitch"
printf '127.0.0.1 localhost\\n::1 localhost\\n127.0.1.1 %s\\n' "$(uname -n)" >/run/lab/hosts
mount --bind /run/lab/hosts /etc/hosts
printf '%s\\n' '#!/bin/sh' 'PATH=\${PATH#${toolFolder}:} exec ${nodeArgv('services/keep-root.ts').join(' ')} tcpdump "$@"' >${toolFolder}/tcpdump
chmod +x ${toolFolder}/tcpdump
ip -batch - <<END
link set lo up
link add br0 type bridge stp_state 0 mcast_snooping 0
link set br0 addrgenmode none
link set br0 up
${hostNames.map((name) => `netns add ${name}`).join('\n')}
END
pids=
${inEachHost.join('\n')}
for pid in $pids; do wait "$pid"; done
ip -batch - <<END
${hostNames.map((name) => `link set v-${name} addrgenmode none\nlink set v-${name} master br0 up`).join('\n')}
END
read -r pid rest </proc/self/stat
echo "$pid"
while read -r line; do :; done`;
}

/**
 * Settings of every host, whatever the settings of this machine are. The host keeps its IPv6 address while its link is down. It answers ARP for its
 * addresses on any interface (lab/network/host-link.ts). It sends ICMP for every packet instead of once a second (lab/faults/unreachable.ts). In
 * a container /proc/sys may be read-only, so a setting may stay as the kernel has it: vanish.ts and unreachable.ts look.
 */
const sysctls = [
  'ipv6/conf/default/accept_dad=0',
  'ipv6/conf/all/keep_addr_on_down=1',
  'ipv4/conf/all/arp_ignore=0',
  'ipv4/icmp_ratelimit=0',
  'ipv6/icmp/ratelimit=0',
];

/** Shell commands that write settings below /proc/sys/net. Older kernels do not have all of them, so a missing file is skipped. A refusal ends the start. */
function buildSysctlScript(asked: ClientSysctls): string {
  return Object.entries(asked).map(([name, value]) => {
    const file = name.replace(/^net\./, '').replaceAll('.', '/');
    return `; [ ! -e ${file} ] || { echo ${value} >${file}; } 2>/dev/null || { echo "${kernelSettings}: ${name} = ${value} cannot be set on the host of the client" >&2; exit 1; }`;
  }).join('');
}

/** The argv that runs `argv` on one host with util-linux' nsenter(1). It keeps the working directory and the caller's stdin, stdout and stderr. */
export function buildNsenterArgs(pausePid: number, host: HostName, argv: readonly string[], directory = process.cwd()): string[] {
  const target = String(pausePid);
  return ['nsenter', '--target', target, '--user', '--preserve-credentials', '--mount', '--pid', `--net=/proc/${target}/root/run/netns/${host}`, `--wd=${directory}`, ...argv];
}

async function startNetwork(topology: Topology, signal?: AbortSignal): Promise<Network> {
  const pause = spawnDetached(buildUnshareArgs(buildPauseScript(topology)));
  // This waits for `exit`. `close` may never come, because an orphan of the script could hold the pipes open.
  const exited = once(pause, 'exit');
  const stop = async (): Promise<void> => {
    pause.stdin.destroy();
    if (pause.exitCode !== null || pause.signalCode !== null || pause.pid === undefined) return;
    const force = setTimeout(() => pause.kill('SIGKILL'), 2_000);
    await exited;
    clearTimeout(force);
  };
  try {
    const output = readOutput('the namespaces', pause.stdout, pause.stderr);
    const pausePid = await unlessAborted(signal, () => Promise.race([output.pid, spawnFailure(pause)]));
    const hosts = new Map(hostsOf(topology).map((name) => [name, createHost(name, pausePid)]));
    const ended = exited.then(() => output.stderr() || 'the pause process ended');
    return {
      driver: 'netns',
      // The hosts have this machine's files.
      runtime: localRuntime,
      // In the tmpfs of the lab's own mount namespace.
      scratch: '/run/lab',
      host: (name) => hosts.get(name) as Host,
      ended,
      look: async () => {
        const { exitCode } = await (hosts.get('client') as Host).run(['true']);
        return exitCode === 0 ? null : await ended;
      },
      [Symbol.asyncDispose]: stop,
    };
  } catch (error) {
    await stop();
    throw signal?.aborted ? interruptionOf(signal) : await explainStartFailure(error);
  }
}

function createHost(name: HostName, pausePid: number): Host {
  const command: Host['command'] = (argv, { directory } = {}) => buildNsenterArgs(pausePid, name, argv, directory);
  const onTerminal: Host['command'] = (argv, terminal) => command(['sh', '-c', `PATH=${toolFolder}:$PATH exec "$@"`, 'sh', ...argv], terminal);
  return { name, command: onTerminal, start: (argv, options) => startProcess(command, argv, options), run: (argv) => runToEnd(command(argv)) };
}

/**
 * A shell stays between nsenter and the process. The shell is outside of the pid namespace (`--no-fork`) and its child is inside. So the
 * shell knows the outer pid of the child, and the child dies with the lab. nsenter itself cannot be the parent: it stops itself when its child
 * is stopped (SIGSTOP, the `pause` fault), and then it does not notice the end of the child. The process waits for a line before it
 * begins. Otherwise a quick process would write before the shell has printed the pid. The shell changes the folder, because nsenter would look for
 * it outside of the lab's mount namespace.
 */
const startScript = 'cd "$1" && shift || exit; exec 3<&0; (read -r go && exec "$@") <&3 3<&- & echo "$!"; exec <&- 3<&-; wait "$!"';

async function startProcess(command: (argv: readonly string[]) => string[], argv: readonly string[], { directory = '.', longestLine }: StartOptions = {}): Promise<HostProcess> {
  const [nsenter = '', ...rest] = command(['sh', '-c', startScript, 'sh', directory, ...argv]);
  const child = spawnDetached([nsenter, '--no-fork', ...rest]);
  const { pid: firstLine, stderr, onLine } = readOutput(`\`${argv.join(' ')}\``, child.stdout, child.stderr, longestLine);
  let ended = false;
  const exited = new Promise<ProcessExit>((resolve) => {
    child.once('close', (code, signal) => {
      ended = true;
      resolve({ ...endOf(code, signal), stderr: stderr() });
    });
  });
  const pid = await Promise.race([firstLine, spawnFailure(child)]);
  child.stdin.write('\n');
  return {
    pid,
    exited,
    onLine,
    send: (line) => child.stdin.write(`${line}\n`),
    signal: async (signal) => {
      // After the end of the process, the kernel may give its pid to another process.
      if (ended) throw new LabError('PROCESS_EXITED', `cannot send ${signal}, because the process is not running`);
      process.kill(pid, signal);
      await Promise.resolve();
    },
    state: async () => {
      const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
      const state = stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3) ?? null;
      return state === 'Z' ? null : state;
    },
  };
}

async function runToEnd(argv: string[]): Promise<CommandResult> {
  const child = spawnDetached(argv);
  child.stdin.end();
  const [stdout, stderr, [exitCode, signal]] = await Promise.race([
    Promise.all([text(child.stdout), text(child.stderr), once(child, 'close') as Promise<[number | null, string | null]>]),
    spawnFailure(child),
  ]);
  return { exitCode: exitCode ?? 128, stdout, stderr: signal ? `${stderr.trim()} (${signal})` : stderr.trim() };
}

/** Starts a process in a session of its own. Ctrl-C at the terminal then reaches only this process, which cleans up in order. */
function spawnDetached([file = '', ...args]: string[]): ChildProcessWithoutNullStreams {
  const child = spawn(file, args, { detached: true, env: { ...process.env, PATH: searchPath() } });
  // A write to a process that has just died fails. The exit of the process already reports its end.
  child.stdin.on('error', () => undefined);
  return child;
}

/** Rejects if the program itself cannot be started. Never resolves. */
function spawnFailure(child: ChildProcessWithoutNullStreams): Promise<never> {
  return new Promise((_, reject) => {
    child.once('error', (error) => { reject(new LabError('START_FAILED', error.message, { cause: error })); });
  });
}

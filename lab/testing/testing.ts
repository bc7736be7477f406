/** Helpers for tests: loud skips, programs on this machine in place of a lab's host, and free ports. */
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdir, readFile, readlink } from 'node:fs/promises';
import { createServer } from 'node:net';
import { describe, onTestFinished, test, vi } from 'vitest';
import { npmInstallations } from '../../client/external/index.ts';
import { nodeReleases } from '../../client/external/node.ts';
import { npmFolder, packageName } from '../../client/external/npm.ts';
import { localRuntime, nodeArgv } from '../network/programs.ts';
import { searchPath } from '../network/drivers/netns-requirements.ts';
import type { Driver, Host, HostProcess, Network, ProcessExit } from '../network/drivers/driver.ts';
import type { EmittedEvent, EventName } from '../vocabulary/events.ts';
import { Remote } from '../network/remote.ts';
import { readLines } from '../vocabulary/lines.ts';
import { hostsOf, type HostName } from '../vocabulary/topology.ts';

interface Probe {
  argv: string[];
  remedy: string;
}

/** What `make clients install=1` makes of the packages from npm, except other versions of Node. */
const npmPackages = npmInstallations.filter(({ npm }) => packageName(npm) !== 'node').map(({ npm, folder }) => `${npmFolder(localRuntime, folder)}/node_modules/${packageName(npm)}/package.json`);

/** What a group of tests can need beyond Node. Each need has a harmless command that works only if the need is met. */
const probes = {
  netns: {
    argv: ['unshare', '--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', 'ip', 'link', 'set', 'lo', 'up'],
    remedy: 'install util-linux and iproute2, and allow user namespaces; `lab doctor` shows what is missing',
  },
  ipv6: { argv: ['sh', '-c', 'grep -q " lo$" /proc/net/if_inet6 || { echo "no IPv6 address on lo" >&2; exit 1; }'], remedy: 'enable IPv6 on this machine' },
  nft: { argv: ['unshare', '--user', '--map-root-user', '--net', 'nft', 'list', 'tables'], remedy: 'install nftables' },
  netem: {
    argv: ['unshare', '--user', '--map-root-user', '--net', 'sh', '-ec', 'tc qdisc add dev lo root handle 1: prio; tc qdisc add dev lo parent 1:2 netem; tc filter add dev lo parent 1: protocol ip u32 match u32 0 0 flowid 1:2'],
    remedy: 'install iproute2, and use a kernel with sch_netem, sch_prio and cls_u32; without them the relay carries out the delay, and other tests cover the relay',
  },
  docker: { argv: ['docker', 'version', '--format', '{{.Server.Version}}'], remedy: 'start a docker engine, and install the docker command and compose; `lab doctor` shows what is missing' },
  swarm: { argv: ['sh', '-c', 'state=$(docker info --format "{{.Swarm.LocalNodeState}}"); [ "$state" = active ] && [ -n "$BASE_IMAGE" ] || { echo "the engine is no swarm ($state), or BASE_IMAGE is not set" >&2; exit 1; }'], remedy: 'docker swarm init, and set BASE_IMAGE to an image with ip and nft (.ci/engine.sh swarm and image)' },
  parallel: { argv: ['parallel', '--version'], remedy: 'install parallel' },
  podman: { argv: ['podman', '--version'], remedy: 'install podman' },
  dig: { argv: ['dig', '-v'], remedy: 'install bind9-dnsutils' },
  wget: { argv: ['wget', '--version'], remedy: 'install wget' },
  python: { argv: ['/usr/bin/python3', '-c', 'import requests, httpx, aiohttp, h2'], remedy: 'install python3-requests, python3-httpx, python3-h2 and python3-aiohttp' },
  xml: { argv: ['python3', '-c', 'import xml.etree.ElementTree'], remedy: 'install python3' },
  pycurl: { argv: ['/usr/bin/python3', '-c', 'import pycurl'], remedy: 'install python3-pycurl' },
  go: { argv: ['go', 'version'], remedy: 'install golang-go' },
  gcc: { argv: ['gcc', '--version'], remedy: 'install gcc and libc6-dev' },
  'gai.conf': { argv: ['test', '-f', '/etc/gai.conf'], remedy: 'touch /etc/gai.conf: a namespace can hide a file, but not add one' },
  musl: { argv: ['musl-gcc', '-dumpversion'], remedy: 'install musl-tools' },
  libsoup: { argv: ['sh', '-c', 'gcc --version && pkg-config --exists --print-errors libsoup-3.0'], remedy: 'install libsoup-3.0-dev, gcc and pkg-config' },
  java: { argv: ['javac', '-version'], remedy: 'install default-jdk-headless' },
  'newer-java': { argv: ['sh', '-c', 'for each in /usr/lib/jvm/*/bin/javac; do case $("$each" -version) in "javac 1"*) ;; *) exit 0; esac; done; exit 1'], remedy: 'unpack a JDK of version 20 or later into /usr/lib/jvm' },
  'java-libraries': {
    argv: ['sh', '-c', 'javac -version && ls /usr/share/java/okhttp.jar /usr/share/java/httpclient5.jar /usr/share/java/httpclient.jar'],
    remedy: 'install default-jdk-headless, libokhttp-java, libhttpclient5-java and libhttpclient-java',
  },
  ruby: { argv: ['ruby', '--version'], remedy: 'install ruby' },
  'ruby-gems': { argv: ['ruby', '-e', 'require "faraday"; require "httparty"; require "excon"'], remedy: 'install ruby-faraday, ruby-httparty and ruby-excon' },
  php: { argv: ['php', '-r', 'curl_version();'], remedy: 'install php-cli and php-curl' },
  guzzle: { argv: ['php', '-r', 'require "GuzzleHttp/autoload.php"; curl_version();'], remedy: 'install php-guzzlehttp-guzzle and php-curl' },
  perl: { argv: ['perl', '-MLWP::UserAgent', '-MLWP::Protocol::https', '-e', ''], remedy: 'install libwww-perl and liblwp-protocol-https-perl' },
  rust: { argv: ['sh', '-c', 'cargo --version && ls -d /usr/share/cargo/registry/reqwest-[0-9]*'], remedy: 'install cargo and librust-reqwest-dev, and run `make clients install=1`, which builds reqwest in some minutes' },
  erlang: { argv: ['erl', '-noshell', '-eval', 'ok = application:load(inets), ok = application:load(ssl), halt().'], remedy: 'install erlang-base, erlang-inets and erlang-ssl' },
  chromium: { argv: ['chromium', '--version'], remedy: 'install chromium' },
  'other-nodes': { argv: ['sh', '-c', `set -e; for release in ${nodeReleases.join(' ')}; do ${npmFolder(localRuntime, 'node-$release')}/node_modules/node/bin/node --version; done`], remedy: 'run `make clients install=1`' },
  'npm-clients': { argv: ['ls', ...npmPackages], remedy: 'run `make clients install=1`' },
  curl: { argv: ['curl', '--version'], remedy: 'install curl' },
  nghttp: { argv: ['nghttp', '--version'], remedy: 'install nghttp2-client' },
  openssl: { argv: ['openssl', 'version'], remedy: 'install openssl' },
  tshark: { argv: ['tshark', '--version'], remedy: 'install tshark' },
  tcpdump: { argv: ['tcpdump', '--version'], remedy: 'install tcpdump' },
  nginx: { argv: ['nginx', '-v'], remedy: 'install nginx-light' },
  haproxy: { argv: ['haproxy', '-v'], remedy: 'install haproxy' },
  apache: { argv: ['apache2', '-v'], remedy: 'install apache2' },
  caddy: { argv: ['caddy', 'version'], remedy: 'install caddy' },
  varnish: { argv: ['varnishd', '-V'], remedy: 'install varnish' },
  squid: { argv: ['squid', '-v'], remedy: 'install squid' },
  unbound: { argv: ['unbound', '-V'], remedy: 'install unbound' },
  dnsmasq: { argv: ['dnsmasq', '--version'], remedy: 'install dnsmasq-base' },
  nscd: { argv: ['nscd', '--version'], remedy: 'install nscd' },
  'systemd-resolved': { argv: ['sh', '-c', 'PATH=$PATH:/usr/lib/systemd:/lib/systemd systemd-resolved --version'], remedy: 'install systemd-resolved, or unpack it as .ci/run does' },
  ping: { argv: ['ping', '-V'], remedy: 'install iputils-ping' },
  ss: { argv: ['ss', '--version'], remedy: 'install iproute2' },
  'ordinary-user': {
    argv: ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', process.execPath, '--eval', ''],
    remedy: 'install util-linux, run the tests as root, and make this folder readable for every user',
  },
} satisfies Record<string, Probe>;

/** The name of something that a group of tests needs. */
export type Need = keyof typeof probes;

/** For a program that hangs. On a machine with a load of ten, erl alone has needed ten seconds. */
const needLimitMs = 120_000;
const missing = new Map<Need, string | null>();

/** Returns why `need` is not met, or null if it is met. The first check of a missing need prints a warning. */
export function whyMissing(need: Need): string | null {
  const known = missing.get(need);
  if (known !== undefined) return known;
  const { argv, remedy } = probes[need];
  const [file = '', ...args] = argv;
  const { error, status, stderr } = spawnSync(file, args, { encoding: 'utf8', timeout: needLimitMs, env: { ...process.env, PATH: searchPath() } });
  const observed = error ? error.message : status === 0 ? null : `\`${argv.join(' ')}\` ended with exit status ${String(status)}: ${stderr.trim()}`;
  const reason = observed === null ? null : `${need} is missing (${observed}). To get it: ${remedy}`;
  missing.set(need, reason);
  if (reason !== null) console.warn(`SKIPPED: ${reason}`);
  return reason;
}

/**
 * Works as `describe` if all needs are met. Otherwise it skips the tests and says why. If LAB_REQUIRE names a need that is missing
 * (`LAB_REQUIRE=netns,dig`), the tests fail instead. `concurrent`: beside the groups next to it, as `describe.concurrent`.
 */
export function describeWith(needs: Need | readonly Need[], title: string, body: () => void, options: { concurrent?: boolean } = {}): void {
  const reasons = [needs].flat().flatMap((need) => {
    const reason = whyMissing(need);
    return reason === null ? [] : [{ need, reason }];
  });
  const required = new Set((process.env['LAB_REQUIRE'] ?? '').split(',').map((word) => word.trim()));
  const failing = reasons.filter(({ need }) => required.has(need));
  if (failing.length > 0) {
    test(title, () => {
      throw new Error(`LAB_REQUIRE names a need that is not met: ${failing.map(({ reason }) => reason).join('; ')}.`);
    });
  } else if (reasons.length > 0) {
    describe.skip(`${title} (skipped: ${reasons.map(({ reason }) => reason).join('; ')})`, body);
  } else {
    describe(title, options, body);
  }
}

/** Returns a port that is free on UDP and TCP. It is below the range from which the kernel gives ports to clients (ip_local_port_range). */
export async function freePort(address = '127.0.0.1'): Promise<number> {
  for (let tried = 0; tried < 100; tried++) {
    const port = 20_000 + Math.floor(Math.random() * 12_000);
    if ((await isFree(port, address, 'tcp')) && (await isFree(port, address, 'udp'))) return port;
  }
  throw new Error(`Expected a free port on ${address} from 20000 to 31999, found none in 100 tries.`);
}

async function isFree(port: number, address: string, transport: 'tcp' | 'udp'): Promise<boolean> {
  const socket = transport === 'tcp' ? createServer().listen(port, address) : createSocket(address.includes(':') ? 'udp6' : 'udp4');
  if ('bind' in socket) socket.bind(port, address);
  const free = await once(socket, 'listening').then(() => true, () => false);
  if (free) await new Promise<void>((resolve) => { socket.close(() => { resolve(); }); });
  return free;
}

/** Starts a backend as a process on loopback, on a free port. It is killed when the test ends. */
export async function localBackend(address: string): Promise<{ port: number; remote: Remote; log: EventLog }> {
  const port = await freePort();
  return { port, ...(await localService(nodeArgv('services/backend/main.ts', JSON.stringify({ listen: [address], port, seed: '1' })))) };
}

/** The argv of a program that only tests start: a source, which has no build. */
export function fixtureArgv(path: string, ...args: string[]): string[] {
  return [localRuntime.node, `${localRuntime.root}/${path}`, ...args];
}

/** Starts a program on this machine, with the interface of a process on a host. It is killed when the test that started it ends. */
export function localProcess(argv: readonly string[], env: NodeJS.ProcessEnv = process.env): HostProcess {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'], env });
  child.stdin.on('error', () => undefined);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
  const exited = once(child, 'close').then(([code, signal]): ProcessExit => ({ code: code as number | null, signal: signal as string | null, stderr: stderr.trim() }));
  const listeners: ((line: string) => void)[] = [];
  readLines(child.stdout, (line) => { for (const listener of listeners) listener(line); });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    pid: child.pid ?? 0,
    exited,
    onLine: (listener) => { listeners.push(listener); },
    send: (line) => child.stdin.write(`${line}\n`),
    signal: (signal) => {
      child.kill(signal);
      return Promise.resolve();
    },
    state: () => Promise.resolve(child.exitCode === null && child.signalCode === null ? 'S' : null),
  };
}

/** Collects events, and waits for events. */
export class EventLog {
  readonly events: EmittedEvent[] = [];
  readonly add = (event: EmittedEvent): void => { this.events.push(event); };

  /** Returns all events of that name. */
  of<Name extends EventName>(name: Name): Extract<EmittedEvent, { event: Name }>[] {
    return this.events.filter((event): event is Extract<EmittedEvent, { event: Name }> => event.event === name);
  }

  /** The names, in the order in which the events came. */
  get names(): string[] {
    return this.events.map(({ event }) => event);
  }

  /** Waits until there are `count` events of that name, and returns them. */
  async have<Name extends EventName>(name: Name, count = 1): Promise<Extract<EmittedEvent, { event: Name }>[]> {
    return await until(() => (this.of(name).length >= count ? this.of(name) : undefined), `${count} × ${name}; got ${this.names.join(', ')}`);
  }
}

/** Starts a service of the lab on this machine, and waits until it is ready. */
export async function localService(argv: readonly string[]): Promise<{ remote: Remote; log: EventLog }> {
  const log = new EventLog();
  const remote = new Remote('the service', localProcess(argv), log.add, () => undefined);
  await remote.ready;
  return { remote, log };
}

/** Waits until `look` finds something, and returns it. `what` names it in the message. @throws {Error} after 40 s: the limit of a test is a minute. */
export function until<T>(look: () => T | undefined | Promise<T | undefined>, what: string): Promise<T> {
  return vi.waitFor(
    async () => {
      const found = await look();
      if (found === undefined) throw new Error(`Waited 40 s without success for ${what}`);
      return found;
    },
    { timeout: 40_000, interval: 5 },
  );
}

/** Returns whether the process is alive. A process that only waits to be reaped is not alive. */
export async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return stat !== '' && !/\) [ZX] /.test(stat);
}

/** Returns the pids of all processes in the pid namespace of `pid`. */
export async function namespaceMates(pid: number): Promise<number[]> {
  const namespaceOf = (each: number | string): Promise<string | null> => readlink(`/proc/${each}/ns/pid`).catch(() => null);
  const own = await namespaceOf(pid);
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const namespaces = await Promise.all(pids.map(namespaceOf));
  return pids.filter((_, index) => own !== null && namespaces[index] === own).map(Number);
}

/** Replaces some methods of a host. Methods that it does not return stay as they are. */
export type HostChange = (host: Host) => Partial<Host>;

/** Returns `driver` with every host changed by `change`, for example to record what a lab does, or to stop a fault from taking effect. */
export function driverWith(driver: Driver, change: HostChange): Driver {
  return {
    ...driver,
    start: async (topology, signal): Promise<Network> => {
      const network = await driver.start(topology, signal);
      const hosts = new Map(hostsOf(topology).map((name) => [name, { ...network.host(name), ...change(network.host(name)) }]));
      return { ...network, host: (name: HostName) => hosts.get(name) as Host, [Symbol.asyncDispose]: () => network[Symbol.asyncDispose]() };
    },
  };
}

/** The DNS server beside dnsmasq, with dnsperf. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { median } from '../lab/analysis/median.ts';
import { LabError } from '../lab/vocabulary/errors.ts';
import { nodeArgv } from '../lab/network/programs.ts';
import type { DnsServerOptions } from '../services/dns/main.ts';
import { cpuOfMs, rounded, runs, temporaryFolder } from './measure.ts';

const name = 'web.lab.test';
const addresses = ['198.51.100.11', '198.51.100.12', '198.51.100.13'];
const lastsS = 3;
const newline = 0x0a;

interface Rate {
  perS: number;
  lost: number;
  /** CPU time of the server for one query. */
  cpuUs: number;
}

/**
 * Both servers answer A queries for one name on loopback, as fast as dnsperf asks, with 100 queries under way. Ours answers with two of three addresses,
 * shuffled, and logs two events for each query; this process reads the log. dnsmasq answers with all three, from the file of its options, and logs nothing.
 * @throws {LabError} MISSING_TOOL without dnsperf or dnsmasq. @throws {Error} if our log lacks an event.
 */
export async function dns(): Promise<object> {
  for (const [tool, debian] of [['dnsperf', 'dnsperf'], ['dnsmasq', 'dnsmasq-base']] as const) {
    if (spawnSync(tool, ['-h'], { stdio: 'ignore' }).error) throw new LabError('MISSING_TOOL', `\`${tool}\` is not installed. On Debian: apt-get install ${debian}.`);
  }
  const [ours, theirs]: [Rate[], Rate[]] = [[], []];
  process.stderr.write('dns ');
  for (let round = 0; round < Math.ceil(runs / 3); round++) {
    ours.push(await rateOfOurs());
    theirs.push(await rateOf('dnsmasq', dnsmasqArgv));
    process.stderr.write('.');
  }
  process.stderr.write('\n');
  const middle = (rates: readonly Rate[], field: keyof Rate): number => median(rates.map((rate) => rate[field])) ?? NaN;
  const sum = (rates: readonly Rate[]): number => rates.reduce((all, { lost }) => all + lost, 0);
  return {
    perS: rounded(middle(ours, 'perS'), 0),
    dnsmasqPerS: rounded(middle(theirs, 'perS'), 0),
    overDnsmasq: rounded(middle(ours, 'perS') / middle(theirs, 'perS'), 2),
    lost: sum(ours),
    dnsmasqLost: sum(theirs),
    cpuUs: rounded(middle(ours, 'cpuUs')),
    dnsmasqCpuUs: rounded(middle(theirs, 'cpuUs')),
    cpuOverDnsmasq: rounded(middle(ours, 'cpuUs') / middle(theirs, 'cpuUs'), 1),
    rounds: ours.length,
  };
}

/** @throws {Error} if the log lacks an event 5 s after the last query. */
async function rateOfOurs(): Promise<Rate> {
  let lines = 0;
  const readLog = (server: ChildProcess): void => {
    server.stdout?.on('data', (bytes: Buffer) => { for (const byte of bytes) if (byte === newline) lines++; });
  };
  return await rateOf('the DNS server', oursArgv, readLog, async (queries) => {
    // The first line says that the server is ready.
    const limit = AbortSignal.timeout(5_000);
    while (lines < 1 + 2 * queries && !limit.aborted) await sleep(10);
    if (lines < 1 + 2 * queries) throw new Error(`Expected two events of the DNS server for each of ${queries} queries, got ${lines - 1} events.`);
  });
}

function oursArgv(port: number): string[] {
  const options: DnsServerOptions = { listen: ['127.0.0.1'], port, domain: 'lab.test', seed: '1', records: addresses.map((address) => ({ name, type: 'A', address })) };
  return nodeArgv('services/dns/main.ts', JSON.stringify(options));
}

/** Without resolv.conf, /etc/hosts and its own configuration: dnsmasq(8). */
function dnsmasqArgv(port: number): string[] {
  const options = ['no-daemon', 'no-resolv', 'no-hosts', 'bind-interfaces', 'listen-address=127.0.0.1', `port=${port}`, 'conf-file=/dev/null', 'pid-file', 'user', 'local-ttl=60'];
  return ['dnsmasq', ...[...options, ...addresses.map((address) => `host-record=${name},${address}`)].map((option) => `--${option}`)];
}

async function rateOf(title: string, argvOf: (port: number) => string[], onStart: (server: ChildProcess) => void = () => undefined, onSent: (queries: number) => Promise<void> = () => Promise.resolve()): Promise<Rate> {
  using folder = temporaryFolder();
  const port = await freePort();
  const [file = '', ...args] = argvOf(port);
  const server = spawn(file, args, { stdio: ['pipe', 'pipe', 'ignore'] });
  const ended = once(server, 'close');
  try {
    onStart(server);
    await answers(title, port);
    writeFileSync(join(folder.path, 'queries'), `${name} A\n`);
    const startCpuMs = cpuOfMs(server.pid ?? 0);
    const output = await outputOf('dnsperf', '-s', '127.0.0.1', '-p', String(port), '-d', join(folder.path, 'queries'), '-l', String(lastsS), '-q', '100');
    const figure = (label: string): number => Number(new RegExp(`${label}:\\s+([\\d.]+)`).exec(output)?.[1] ?? NaN);
    const [sent, perS, lost] = [figure('Queries sent'), figure('Queries per second'), figure('Queries lost')];
    if (!Number.isFinite(sent + perS + lost)) throw new Error(`Expected dnsperf to count its queries, got: ${output}`);
    const cpuMs = cpuOfMs(server.pid ?? 0) - startCpuMs;
    await onSent(sent - lost);
    return { perS, lost, cpuUs: (cpuMs * 1_000) / (sent - lost) };
  } finally {
    server.kill();
    await ended;
  }
}

async function answers(title: string, port: number): Promise<void> {
  const resolver = new Resolver({ timeout: 200, tries: 1 });
  resolver.setServers([`127.0.0.1:${port}`]);
  const limit = AbortSignal.timeout(20_000);
  while (!limit.aborted) if (await resolver.resolve4(name).then(() => true, () => false)) return;
  throw new Error(`Expected ${title} to answer on 127.0.0.1 port ${port} within 20 s.`);
}

/** Returns what a command writes. It does not block this process, which reads the server's log meanwhile. */
async function outputOf(...argv: string[]): Promise<string> {
  const child = spawn(argv[0] ?? '', argv.slice(1), { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(child, 'close');
  return output;
}

async function freePort(): Promise<number> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address();
  await new Promise<void>((resolve) => { socket.close(() => { resolve(); }); });
  return port;
}

/** The contract of a driver, as one test suite for all drivers. A deviation of a driver is declared here, with its reason. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith, until, type Need } from '../../testing/testing.ts';
import { createTopology, hostsOf, type HostName } from '../../vocabulary/topology.ts';
import type { Driver, HostProcess, Network } from './driver.ts';

const topology = createTopology();
const hostNames = hostsOf(topology);
const pairs = hostNames.flatMap((from) => hostNames.filter((to) => to !== from).map((to) => ({ from, to })));

/** Accepts connections on both families, and ends them. Prints `listening` when it is ready. */
const server = `
const server = require('net').createServer((socket) => socket.end());
server.listen({ port: 7000, host: '::' }, () => console.log('listening'));`;

/** Connects to all given addresses at the same time, and prints [address, outcome] for each, and how many SYNs the host has sent again meanwhile. */
const connectAll = `
const [port, ...addresses] = process.argv.slice(1);
// The kernel counts the SYNs that this host has sent again (proc_pid_net(5), TcpExt).
const synsAgain = () => {
  const [names, values] = require('fs').readFileSync('/proc/net/netstat', 'utf8').split('\\n').filter((line) => line.startsWith('TcpExt:')).map((line) => line.split(' '));
  return Number(values[names.indexOf('TCPSynRetrans')]);
};
const before = synsAgain();
Promise.all(addresses.map((host) => new Promise((resolve) => {
  const done = (outcome) => { socket.destroy(); resolve([host, outcome]); };
  const socket = require('net').connect({ host, port });
  socket.once('connect', () => done('connected')).once('error', (error) => done(error.code));
}))).then((results) => console.log(JSON.stringify({ results, synsAgain: synsAgain() - before })));`;
interface Connected {
  results: [address: string, outcome: string][];
  synsAgain: number;
}

/** Answers each line with `got LINE`. SIGTERM ends it with exit status 7. */
const echo = `
process.on('SIGTERM', () => { console.error('asked to end'); process.exit(7); });
require('readline').createInterface({ input: process.stdin }).on('line', (line) => console.log('got ' + line));
console.log('ready');`;

/** The argv that runs a script with the hosts' own Node. The Node of this machine may be another one. */
const node = ({ runtime }: Network, script: string, ...args: string[]): string[] => [runtime.node, '--eval', script, ...args];

/** Collects the lines of a process. `have` waits for a line. */
function linesOf(started: HostProcess): { lines: string[]; have(line: string): Promise<unknown> } {
  const lines: string[] = [];
  started.onLine((line) => lines.push(line));
  return { lines, have: (line) => until(() => (lines.includes(line) ? true : undefined), `the line ${line}; got ${lines.join(' | ')}`) };
}

/** Tests that a driver keeps the contract, if this machine has what the driver needs. */
export function driverContract(driver: Driver, needs: readonly Need[]): void {
  describeWith(needs, `driver ${driver.name}`, () => {
    describe('a network', () => {
      let network: Network;
      beforeAll(async () => {
        network = await driver.start(topology);
      });
      afterAll(async () => {
        await network[Symbol.asyncDispose]();
      });

      test('names its driver', () => {
        expect(network.driver).toBe(driver.name);
      });

      test.each(hostNames)('%s has its addresses, usable at once, and no others', async (name) => {
        const { stdout } = await network.host(name).run(['ip', '-json', 'address', 'show', 'dev', 'eth0']);
        const [link] = JSON.parse(stdout) as { operstate: string; addr_info: { scope: string; local: string; prefixlen: number; tentative?: boolean }[] }[];
        const { ipv4, ipv6 } = topology.hosts[name];
        expect(link?.operstate).toBe('UP');
        expect(link?.addr_info.filter(({ scope }) => scope === 'global').map(({ local, prefixlen }) => `${local}/${prefixlen}`)).toEqual([`${ipv4}/24`, `${ipv6}/64`]);
        // The link-local address of a container may still be tentative. Nothing in the lab uses it.
        expect(link?.addr_info.filter(({ scope, tentative }) => scope === 'global' && tentative)).toEqual([]);
      });

      test.each(hostNames)("%s asks the lab's DNS server and no other", async (name) => {
        const { stdout } = await network.host(name).run(['cat', '/etc/resolv.conf']);
        expect(stdout.match(/^nameserver .*$/gm)).toEqual([`nameserver ${topology.hosts.dns.ipv4}`]);
      });

      test('run returns exit status, stdout and stderr', async () => {
        const host = network.host('client');
        expect(await host.run(['sh', '-c', 'echo out; echo err >&2; exit 3'])).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err' });
        expect((await host.run(['sh', '-c', 'kill -9 $$'])).exitCode).not.toBe(0);
        expect((await host.run(['cat'])).exitCode).toBe(0);
        const none = await host.run(['no-such-command']);
        expect(none.exitCode).not.toBe(0);
        expect(none.stderr).toContain('no-such-command');
      });

      test('run runs the command on the given host', async () => {
        const { stdout } = await network.host('dns').run(['ip', '-brief', 'address', 'show', 'dev', 'eth0']);
        expect(stdout).toContain(topology.hosts.dns.ipv4);
      });

      test('command returns an argv that runs on this machine', async () => {
        const [file = '', ...args] = network.host('backend-2').command(['sh', '-c', 'ip -brief -4 address show dev eth0; exit 5']);
        const failure = await promisify(execFile)(file, args).catch((error: unknown) => error as { code: number; stdout: string });
        expect(failure).toMatchObject({ code: 5, stdout: expect.stringContaining(topology.hosts['backend-2'].ipv4) as string });
      });
    });

    test('every host reaches every other host on both families, with the first SYN', async () => {
      await using network = await driver.start(topology);
      const servers = await Promise.all(hostNames.map((name) => network.host(name).start(node(network, server))));
      await Promise.all(servers.map((started) => linesOf(started).have('listening')));
      const seen = await Promise.all(
        hostNames.map(async (from) => {
          const others = pairs.filter((pair) => pair.from === from).flatMap(({ to }) => [topology.hosts[to].ipv4, topology.hosts[to].ipv6]);
          const { stdout, stderr } = await network.host(from).run(node(network, connectAll, '7000', ...others));
          expect(stderr).toBe('');
          return { from, ...(JSON.parse(stdout) as Connected) };
        }),
      );
      expect(seen.flatMap(({ from, results }) => results.filter(([, outcome]) => outcome !== 'connected').map((result) => [from, ...result]))).toEqual([]);
      expect(seen.map(({ from, synsAgain }) => [from, synsAgain])).toEqual(hostNames.map((name) => [name, 0]));
      expect(seen.flatMap(({ results }) => results)).toHaveLength(pairs.length * 2);
    });

    test('a client without IPv6 has no IPv6 address but ::1, and the other hosts have theirs', async () => {
      await using network = await driver.start(createTopology({ clientIpv6: null }));
      const addresses = async (host: HostName): Promise<string[]> => (await network.host(host).run(['ip', '-brief', 'address', 'show', 'dev', 'eth0'])).stdout.match(/[\da-f:.]+\/\d+/g) ?? [];
      expect(await addresses('client')).toEqual(['198.51.100.200/24']);
      expect(await addresses('backend-1')).toEqual(['198.51.100.11/24', '2001:db8:1::11/64', expect.stringMatching(/^fe80:/) as string]);
    });

    describe('a process', () => {
      let network: Network;
      beforeAll(async () => {
        network = await driver.start(topology);
      });
      afterAll(async () => {
        await network[Symbol.asyncDispose]();
      });

      test('reads and writes lines, handles SIGTERM itself, and its exit status is known', async () => {
        const started = await network.host('client').start(node(network, echo));
        const { lines, have } = linesOf(started);
        await have('ready');
        started.send('one');
        started.send('two');
        await have('got two');
        expect(lines).toEqual(['ready', 'got one', 'got two']);
        await started.signal('SIGTERM');
        expect(await started.exited).toEqual({ code: 7, signal: null, stderr: 'asked to end' });
        expect(await started.state()).toBeNull();
      });

      test('a line that was written before the first listener is not lost', async () => {
        const started = await network.host('client').start(node(network, echo));
        await until(async () => ((await started.state()) === 'S' ? true : undefined), 'the process to wait for input');
        const { have } = linesOf(started);
        await have('ready');
      });

      test('SIGSTOP, SIGCONT and SIGKILL reach the process itself', async () => {
        const started = await network.host('backend-1').start(node(network, echo));
        const { lines, have } = linesOf(started);
        await have('ready');
        await started.signal('SIGSTOP');
        await until(async () => ((await started.state()) === 'T' ? true : undefined), 'state T');
        started.send('while stopped');
        expect(lines).toEqual(['ready']);
        await started.signal('SIGCONT');
        await have('got while stopped');
        await started.signal('SIGKILL');
        const { code, signal } = await started.exited;
        // A driver may report 128 + 9 instead, as shells do.
        expect(signal === 'SIGKILL' || code === 137).toBe(true);
        expect(await started.state()).toBeNull();
      });

      test('a privileged process has the capabilities over its network', async () => {
        // CAP_NET_RAW is bit 13, CAP_NET_ADMIN bit 12 (capability.h).
        const started = await network.host('client').start(['sh', '-c', 'grep CapEff /proc/self/status'], { privileged: true });
        const { lines } = linesOf(started);
        await started.exited;
        expect(Number((BigInt(`0x${lines[0]?.split(/\s+/)[1] ?? ''}`) >> 12n) & 3n)).toBe(3);
      });

      test('starts in the folder that is asked for, and an ordinary process can write to the scratch folder', async () => {
        const host = network.host('client');
        const linesFrom = async (directory: string, script: string): Promise<string[]> => {
          const started = await host.start(['sh', '-c', script], { directory });
          const { lines } = linesOf(started);
          expect(await started.exited).toEqual({ code: 0, signal: null, stderr: '' });
          return lines;
        };
        const folder = `${network.scratch}/contract of a driver`;
        expect(await linesFrom(network.scratch, 'mkdir "contract of a driver"; ls')).toContain('contract of a driver');
        expect(await linesFrom(folder, 'echo kept >file; pwd; cat file')).toEqual([folder, 'kept']);
        expect((await host.run(['cat', `${folder}/file`])).stdout).toBe('kept\n');
      });

      test('a line that is longer than asked for comes in pieces', async () => {
        const started = await network.host('client').start(['sh', '-c', 'head -c 500000 /dev/zero | tr "\\0" a; echo; echo end'], { longestLine: 100_000 });
        const { lines } = linesOf(started);
        await started.exited;
        expect(lines.at(-1)).toBe('end');
        expect(lines.length).toBeGreaterThan(3);
        expect(lines.slice(0, -1).join('')).toBe('a'.repeat(500_000));
      });

      test('the first line of a process that writes at once is not lost', async () => {
        const starts = Array.from({ length: 20 }, async () => {
          const started = await network.host('client').start(['echo', 'first']);
          const { lines } = linesOf(started);
          await started.exited;
          return lines;
        });
        expect(await Promise.all(starts)).toEqual(starts.map(() => ['first']));
      });

      test('the start of a command that does not exist fails, and the message names the command', async () => {
        const outcome = await network.host('client').start(['no-such-command']).then(
          async (started) => (await started.exited).stderr,
          (error: unknown) => (error as Error).message,
        );
        expect(outcome).toContain('no-such-command');
      });
    });

    test('what was written to the scratch folder is gone with the network', async () => {
      const mark = `left-${process.pid}-${performance.now()}`;
      const look = async (network: Network, script: string): Promise<string> => (await network.host('client').run(['sh', '-c', script, 'sh', `${network.scratch}/${mark}`])).stdout;
      {
        await using first = await driver.start(topology);
        expect(await look(first, 'echo >"$1"; ls "$1"')).toContain(mark);
      }
      await using second = await driver.start(topology);
      expect(await look(second, 'ls "$1"')).toBe('');
      expect(existsSync(`${second.scratch}/${mark}`)).toBe(false);
    });

    test('nothing is left after disposal, and a second disposal does nothing', async () => {
      await using network = await driver.start(topology);
      const started = await Promise.all((['client', 'dns', 'backend-1'] as HostName[]).map((name) => network.host(name).start(['sleep', '1000'])));
      // This process ignores SIGTERM, and has a child.
      started.push(await network.host('backend-2').start(['sh', '-c', 'trap "" TERM; sleep 1000 & echo $!; wait']));
      expect(await Promise.all(started.map(({ state }) => state()))).not.toContain(null);
      await network[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
      const ends = await Promise.all(started.map(({ exited }) => exited));
      expect(ends.every(({ code, signal }) => signal === 'SIGKILL' || code === 137)).toBe(true);
      await network.ended;
    });

    test('two networks are up side by side, and the end of one does not change the other', async () => {
      await using one = await driver.start(topology);
      const two = await driver.start(topology);
      const [first, second] = await Promise.all([one.host('backend-1').start(node(one, server)), two.host('backend-1').start(node(two, server))]);
      await Promise.all([linesOf(first).have('listening'), linesOf(second).have('listening')]);
      await second.signal('SIGKILL');
      await second.exited;
      const outcomes = await Promise.all(
        [one, two].map(async (network) => {
          const { stdout } = await network.host('client').run(node(network, connectAll, '7000', topology.hosts['backend-1'].ipv4, topology.hosts['backend-1'].ipv6));
          return (JSON.parse(stdout) as Connected).results.map(([, outcome]) => outcome);
        }),
      );
      expect(outcomes).toEqual([['connected', 'connected'], ['ECONNREFUSED', 'ECONNREFUSED']]);
      await two[Symbol.asyncDispose]();
      expect(await first.state()).not.toBeNull();
    });
  });
}

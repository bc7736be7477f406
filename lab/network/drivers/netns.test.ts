import { readFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { networkInterfaces } from 'node:os';
import { describe, expect, test } from 'vitest';
import { describeWith, fixtureArgv, isAlive, localProcess, namespaceMates, until } from '../../testing/testing.ts';
import { createTopology } from '../../vocabulary/topology.ts';
import { driverContract } from './contract.case.ts';
import type { HostProcess } from './driver.ts';
import { buildNsenterArgs, buildPauseScript, buildUnshareArgs, netns } from './netns.ts';

describe('argv', () => {
  test('unshare', () => {
    expect(buildUnshareArgs('echo 1')).toEqual(['unshare', '--user', '--map-root-user', '--net', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-ec', 'echo 1']);
  });

  test('nsenter', () => {
    expect(buildNsenterArgs(4711, 'backend-1', ['ip', 'link'], '/srv')).toEqual([
      'nsenter', '--target', '4711', '--user', '--preserve-credentials', '--mount', '--pid', '--net=/proc/4711/root/run/netns/backend-1', '--wd=/srv', 'ip', 'link',
    ]);
    expect(buildNsenterArgs(1, 'dns', [])).toContain(`--wd=${process.cwd()}`);
  });

  test('the pause script has every line that a lab depends on', () => {
    const lines = buildPauseScript(createTopology()).split('\n');
    for (const line of [
      // The tmpfs hides resolvers whose answers would bypass the lab's DNS server.
      'mount -t tmpfs lab /run',
      "echo 'nameserver 198.51.100.53' >/run/lab/resolv.conf",
      "echo 'hosts: files dns' >/run/lab/nsswitch.conf",
      'mount --bind /run/lab/resolv.conf "$resolv"',
      'link add br0 type bridge stp_state 0 mcast_snooping 0',
      // Every address is usable when the script has printed its pid.
      'address add 198.51.100.11/24 dev eth0',
      'address add 2001:db8:1::11/64 dev eth0 nodad',
      'for each in 2001:db8:1::11; do',
      'address add 2001:db8:1:0:8000::200/64 dev eth0 nodad',
      'for each in 2001:db8:1:0:8000::200; do',
      'link add eth0 type veth peer name v-observer netns 1',
      'link set v-observer master br0 up',
      // The script prints its pid as the outer /proc knows it. After that it waits for the end of its owner.
      'read -r pid rest </proc/self/stat',
    ]) {
      expect(lines).toContain(line);
    }
    // Each of the six hosts gets these settings before its link is made.
    for (const setting of ['accept_dad=0', 'keep_addr_on_down=1']) {
      expect(lines.filter((line) => line.startsWith('nsenter --net=/run/netns/') && new RegExp(`for each in .*${setting} .*; do`).test(line))).toHaveLength(6);
    }
    expect(lines.at(-1)).toBe('while read -r line; do :; done');
  });

  test('the pause script follows the topology', () => {
    const script = buildPauseScript(createTopology({ clientIpv4: '198.51.100.9', ipv6Network: 'fd00:1:1:' }));
    expect(script).toContain('address add 198.51.100.9/24 dev eth0');
    expect(script).toContain('address add fd00:1:1::11/64 dev eth0 nodad');
  });

  test('the pause script sets the client’s kernel settings on the client alone, and skips the ones that the kernel does not have', () => {
    const lines = buildPauseScript(createTopology({ clientSysctls: { 'net.ipv4.tcp_retries2': 2 } })).split('\n');
    const set = lines.filter((line) => line.includes('; [ ! -e ipv4/tcp_retries2 ] || { echo 2 >ipv4/tcp_retries2; } 2>/dev/null || { echo "kernel settings: net.ipv4.tcp_retries2 = 2 cannot be set'));
    expect(set.map((line) => line.split(' ')[1])).toEqual(['--net=/run/netns/client']);
    expect(buildPauseScript(createTopology())).not.toContain('tcp_retries2');
  });
});

driverContract(netns, ['netns']);

interface Owner {
  started: HostProcess;
  said: { pids: number[]; outerUid: number; innerUid: number };
}

/** Starts another process that owns a network. */
async function startOwner(before: readonly string[] = [], env = process.env): Promise<Owner> {
  const started = localProcess([...before, ...fixtureArgv('lab/network/drivers/network-owner.fixture.ts')], env);
  const line = await Promise.race([
    new Promise<string>((resolve) => { started.onLine(resolve); }),
    started.exited.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  return { started, said: JSON.parse(line) as Owner['said'] };
}

/** All processes in the network's pid namespace, and their parents outside it. */
async function processesOf({ said }: Owner): Promise<number[]> {
  const mates = await namespaceMates(said.pids[0] ?? 0);
  const parents = await Promise.all(mates.map(async (pid) => Number(/^PPid:\t(\d+)$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1])));
  return [...new Set([...mates, ...parents])].filter((pid) => pid > 1);
}

const survivors = async (pids: readonly number[]): Promise<number[]> => {
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, index) => alive[index]);
};

describeWith('netns', 'driver netns leaves nothing behind', () => {
  const labInterfaces = (): string[] => Object.keys(networkInterfaces()).filter((name) => name === 'br0' || name.startsWith('v-'));

  test('in the root namespace, even while a lab is up', async () => {
    const before = Object.keys(networkInterfaces());
    await using network = await netns.start(createTopology());
    expect(labInterfaces()).toEqual([]);
    // Another program may add an interface of its own at any moment, so only the lab's own names count.
    expect(Object.keys(networkInterfaces())).toEqual(expect.arrayContaining(before));
    expect(await readdir('/run/netns').catch(() => [])).not.toContain('backend-1');
    expect(await readFile('/etc/resolv.conf', 'utf8').catch(() => '')).not.toContain('198.51.100.53');
    expect(await Promise.race([network.ended, Promise.resolve('up')])).toBe('up');
  });

  test.each(['SIGKILL', 'SIGTERM'] as const)('when %s ends the process that owns the network', async (signal) => {
    const owner = await startOwner();
    const processes = await processesOf(owner);
    // There are at least the pause shell, unshare, two sleeps and their two nsenters.
    expect(processes.length).toBeGreaterThanOrEqual(6);
    expect(await survivors(processes)).toEqual(processes);
    await owner.started.signal(signal);
    expect((await owner.started.exited).signal).toBe(signal);
    await until(async () => ((await survivors(processes)).length === 0 ? true : undefined), `the end of ${processes.join(' ')}`);
  });

  test('when its pause process is killed, and `ended` resolves', async () => {
    const network = await netns.start(createTopology());
    const sleep = await network.host('client').start(['sleep', '1000']);
    // The first process of a pid namespace is number 1 there (proc(5), NSpid).
    const pause = (await namespaceMates(sleep.pid)).find((pid) => /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) ?? 0;
    expect(pause).toBeGreaterThan(0);
    expect(await network.look()).toBeNull();
    process.kill(pause, 'SIGKILL');
    // A process that was sent a signal lives until it has a processor. The lab looks when it misses something, too.
    await sleep.exited;
    expect(await network.look()).toBe(await network.ended);
    expect(await isAlive(sleep.pid)).toBe(false);
    await network[Symbol.asyncDispose]();
  });
});

describeWith('netns', 'driver netns, if the start fails', () => {
  test('throws an error with the message of the kernel or the tool', async () => {
    const topology = createTopology({ clientIpv4: '198.51.100.999' });
    await expect(netns.start(topology)).rejects.toMatchObject({ name: 'LabError', code: 'START_FAILED', message: expect.stringContaining('198.51.100.999') as string });
  });
});

describeWith(['netns', 'ordinary-user'], 'driver netns as an ordinary user', () => {
  test('works, and is root only inside the namespaces', async () => {
    // The PATH of an ordinary Debian user does not contain the folder of ip and tc.
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin', HOME: '/nonexistent' };
    const owner = await startOwner(['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'], env);
    expect(owner.said).toMatchObject({ outerUid: 65_534, innerUid: 0 });
    const processes = await processesOf(owner);
    await owner.started.signal('SIGKILL');
    await until(async () => ((await survivors(processes)).length === 0 ? true : undefined), `the end of ${processes.join(' ')}`);
  });
});

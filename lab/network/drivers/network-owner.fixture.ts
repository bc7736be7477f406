/**
 * A process that owns a network. Tests kill it, or run it as another user. It starts a `sleep` on two hosts, prints their pids and its
 * own user ids (outside and inside the namespaces) as one JSON line, and waits for the end of its stdin.
 */
import { once } from 'node:events';
import { createTopology } from '../../vocabulary/topology.ts';
import { chooseDriver } from './index.ts';

const topology = createTopology();
const driver = await chooseDriver(process.argv[2] ?? 'netns');
await using network = await driver.start(topology);
const pids = await Promise.all((['client', 'backend-1'] as const).map(async (name) => (await network.host(name).start(['sleep', '1000'])).pid));
const { stdout } = await network.host('client').run(['id', '-u']);
process.stdout.write(`${JSON.stringify({ pids, outerUid: process.getuid?.(), innerUid: Number(stdout) })}\n`);
process.stdin.resume();
await once(process.stdin, 'end');

/** Labs with other numbers of backends than three, judged by dig, curl and the findings. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { describeWith } from '../testing/testing.ts';
import { createTopology, webName, type BackendName } from '../vocabulary/topology.ts';
import { shuffleOn } from '../../scenarios/shuffle-on.ts';
import { startLab, type Lab } from './lab.ts';
import { runScenario } from './run-scenario.ts';
import { Timeline } from './timeline.ts';

const labOf = (backends: number): Promise<Lab> => startLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: { backends } });

/** What dig prints for a query that it sends so many times. */
async function dig(lab: Lab, type: string, { count = 1, name = webName }: { count?: number; name?: string } = {}): Promise<string[]> {
  const queries = Array.from({ length: count }, () => [name, type, '+short']).flat();
  return (await lab.host('client').run(['dig', `@${lab.topology.hosts.dns.ipv4}`, ...queries])).stdout.trim().split('\n');
}

const addresses = (lab: Lab, family: 'ipv4' | 'ipv6'): string[] => lab.topology.backends.map((name) => lab.topology.hosts[name][family]);
const get = (lab: Lab, name: BackendName) => lab.host('client').run(['curl', '-4sS', `http://${name}.lab.test:8080/`]);

describeWith(['netns', 'dig', 'curl'], 'a lab of one backend', () => {
  test('has no other: DNS lists one address, and a fault on another backend is refused', async () => {
    await using lab = await labOf(1);
    expect(await dig(lab, 'A', { count: 5 })).toEqual(Array(5).fill('198.51.100.11'));
    expect(await dig(lab, 'A', { name: 'backend-2.lab.test' })).toEqual(['']);
    expect(await get(lab, 'backend-1')).toMatchObject({ stdout: 'Hello, World from 198.51.100.11\n' });
    await expect(lab.apply('kill', 'backend-2')).rejects.toThrow('The fault kill cannot act on `backend-2`. It acts on: backend-1, dns. Did you mean `backend-1`?');
    await expect(lab.behave('backend-2', { status: 503 })).rejects.toThrow('Unknown backend `backend-2`. Known: backend-1.');
  });
});

describeWith(['netns', 'dig'], 'a lab of five backends', () => {
  test('DNS shuffles all five, and answers with two of them', async () => {
    await using lab = await labOf(5);
    const answers = await dig(lab, 'A', { count: 60 });
    expect(answers).toHaveLength(120);
    const first = answers.filter((_, index) => index % 2 === 0);
    expect([...new Set(first)].sort()).toEqual(addresses(lab, 'ipv4'));
  });
});

describeWith(['netns', 'dig', 'curl'], 'a lab of 24 backends', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await labOf(24);
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  test('each backend answers under its own name', async () => {
    const answers = await Promise.all(lab.topology.backends.map(async (name) => (await get(lab, name)).stdout.trim()));
    expect(answers).toEqual(addresses(lab, 'ipv4').map((address) => `Hello, World from ${address}`));
  });

  test('all addresses are in one answer, and 24 AAAA records do not fit into 512 bytes: without EDNS they come over TCP', async () => {
    await lab.dns.aaaa(true);
    await lab.dns.chain(['sort']);
    expect(await dig(lab, 'A')).toEqual(addresses(lab, 'ipv4'));
    const { stdout } = await lab.host('client').run(['dig', `@${lab.topology.hosts.dns.ipv4}`, '+noedns', webName, 'AAAA']);
    expect(stdout).toContain('Truncated, retrying in TCP mode');
    expect(addresses(lab, 'ipv6').filter((address) => !stdout.includes(`\t${address}\n`))).toEqual([]);
  });

  test('a fault on backend-7 acts on backend-7 alone, and heals', async () => {
    const killed = await lab.apply('kill', 'backend-7');
    expect(killed.observation.seen).toBe(true);
    expect((await get(lab, 'backend-7')).exitCode).toBe(7);
    expect((await get(lab, 'backend-6')).stdout).toContain('198.51.100.16');
    expect(await killed.heal()).toMatchObject({ seen: true });
    expect((await get(lab, 'backend-7')).stdout).toContain('198.51.100.17');
  });

  test('backend-7 moves to an address that no other backend has', async () => {
    const moved = await lab.apply('move', 'backend-7', { dns: 'follow' });
    expect(moved.observation.seen).toBe(true);
    expect(await dig(lab, 'A', { name: 'backend-7.lab.test' })).toEqual(['198.51.100.67']);
    expect((await get(lab, 'backend-7')).exitCode).toBe(0);
    expect(await moved.heal()).toMatchObject({ seen: true });
  });

  test('a record that is taken out of DNS is seen, although two of 24 addresses say little', async () => {
    await lab.dns.chain(['shuffle', 'selectFirst 2']);
    const removed = await lab.apply('dns-record-removed', 'dns', { backend: 'backend-7' });
    expect(removed.observation.seen).toBe(true);
    expect(await dig(lab, 'A', { count: 100 })).not.toContain('198.51.100.17');
    expect(await removed.heal()).toMatchObject({ seen: true });
    expect(lab.doubts).toEqual([]);
  });
});

describeWith('netns', 'a backend that the lab does not have', () => {
  test('is no option of a fault, either', async () => {
    await using lab = await labOf(3);
    await expect(lab.apply('dns-record-removed', 'dns', { backend: 'backend-7' })).rejects.toThrow('Unknown backend `backend-7`. Known: backend-1, backend-2, backend-3.');
    await expect(lab.apply('dns-record-removed', 'dns', { backend: 'backend7' })).rejects.toThrow('Expected `backend` of the fault dns-record-removed to be the name of a backend, such as backend-1, got `backend7`.');
    expect(lab.inForce).toEqual([]);
  });
});

describeWith('netns', 'a run with 24 backends', () => {
  test('sends requests to every backend, and its findings have all of them', { timeout: 120_000 }, async () => {
    const { journal } = await runScenario({ name: 'shuffle-on', scenario: shuffleOn, driver: netns, client: 'node-fetch', clientOptions: {}, backends: 24, seed: '1', signal: new AbortController().signal });
    expect(journal).toMatchObject({ status: 'completed', verdict: 'pass', error: null, doubts: [] });
    const { perBackend, skew } = journal.findings;
    expect(Object.keys(perBackend)).toEqual(createTopology({ backends: 24 }).backends);
    expect(Object.entries(perBackend).filter(([, count]) => count === 0)).toEqual([]);
    expect(Object.values(perBackend).reduce((sum, count) => sum + count, 0)).toBe(300);
    // 300 fair draws of 24: a chi-squared p below 1e-6 comes once in a million seeds.
    expect(skew.chi2p).toBeGreaterThan(1e-6);
    expect(skew.maxOverFair).toBeLessThan(3);
  });
});

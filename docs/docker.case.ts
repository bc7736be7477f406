/**
 * Runs the commands of docs/docker.md exactly as the page shows them, and asks the lab whether each of them had its effect. docker.test.ts runs it,
 * because one lab at a time can be up on docker.
 */
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import Docker from 'dockerode';
import { execa } from 'execa';
import { expect, onTestFinished, test, vi } from 'vitest';
import { composeCommand, engineAddress, engineUrl } from '../lab/network/drivers/docker-engine.ts';
import { describeWith } from '../lab/testing/testing.ts';

const byHand = readFileSync('docs/docker.md', 'utf8').split('## Scenarios on Docker')[0] ?? '';
const commands = [...byHand.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.trim().split('\n'));

const filters = { label: ['failover-lab'] };
const connectEngine = async (): Promise<Docker> => new Docker(engineAddress(await engineUrl()));

/** Runs a command of the page. The test has no terminal, and `docker compose exec` expects one without -T. */
const run = async (line: string) => {
  const compose = (await composeCommand()).join(' ');
  return await execa('sh', ['-c', line.replace('docker compose exec', 'docker compose exec -T').replaceAll('docker compose', compose)], { reject: false, all: true });
};
/** Runs a command in the client's container. Returns its stdout and its exit code. */
const client = async (line: string) => {
  const { stdout, exitCode } = await run(`docker compose exec client ${line}`);
  return { stdout, exitCode };
};
/** Asks the DNS server ten times. Each answer is one line. */
const tenAnswers = async (type: string): Promise<Set<string>> =>
  new Set((await client(`sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do dig +short ${type} web.lab.test | xargs echo; done'`)).stdout.split('\n'));

const twoOfThree = /^198\.51\.100\.1[123]\n198\.51\.100\.1[123]$/;
/** What a service says holds now. */
const now = async (service: string) => (JSON.parse((await run(`docker compose exec ${service} curl -sS localhost:9080`)).stdout) as { now: Record<string, unknown> }).now;

/** No host of the lab network can give a command: neither by a published port, nor on the service's own address, in either family. */
async function expectNoWayIn(): Promise<void> {
  const containers = await (await connectEngine()).listContainers({ filters });
  expect(containers.map(({ Labels, Ports }) => [Labels['com.docker.compose.service'], Ports]).sort()).toEqual(['backend-1', 'backend-2', 'backend-3', 'client', 'dns', 'observer'].map((name) => [name, []]));
  for (const address of ['198.51.100.53', '[2001:db8:1::53]', '198.51.100.11', '[2001:db8:1::11]']) {
    const refused = await run(`docker compose exec client curl -sS http://${address}:9080/ -H 'host: localhost:9080'`);
    // 7: the connection was refused (curl(1)).
    expect({ address, exitCode: refused.exitCode, all: refused.all }).toEqual({ address, exitCode: 7, all: expect.stringContaining('9080') as string });
  }
}

/** curl's `-w '%{time_total}\n'` after the answer of backend-1. */
const secondsOf = (output: string): number => Number(/^Hello, World from \S+\n([\d.]+)$/.exec(output)?.[1]);
const timed = "docker compose exec client curl -s -w '%{time_total}\\n' http://backend-1.lab.test:8080/";

/** The commands of the page in their order. Each function gets the output, and asks the lab for the effect. A command ends with 0, or with the exit code here. */
const steps: [line: string, seen: (output: string) => unknown, exitCode?: number][] = [
  ['docker compose up --build --detach', async () => {
    expect((await run('docker compose ps')).all.match(/healthy/g)).toHaveLength(4);
  }],
  ['docker compose ps', async (output) => {
    expect(output.match(/\(healthy\)/g)).toHaveLength(4);
    await expectNoWayIn();
  }],
  ['docker compose exec client curl -s http://web.lab.test:8080/', (output) => { expect(output).toMatch(/^Hello, World from 198\.51\.100\.1[123]$/); }],
  ['docker compose exec client dig +short web.lab.test', (output) => { expect(output).toMatch(twoOfThree); }],
  ['docker compose exec client node client/main.ts --times 3 http://web.lab.test:8080/', (output) => {
    expect(output.match(/200 Hello, World from/g)).toHaveLength(3);
    expect(output.match(/reuses connection/g)).toHaveLength(2);
  }],
  ['docker compose exec dns curl -sS localhost:9080', (output) => { expect(JSON.parse(output)).toMatchObject({ now: { aaaa: false }, commands: { filter: {}, aaaa: { undo: { aaaa: { on: false } } } } }); }],
  ['docker compose exec backend-1 curl -sS localhost:9080', (output) => { expect(JSON.parse(output)).toMatchObject({ now: { draining: false }, commands: { behaviour: {}, refuse: { arguments: { family: '4 or 6' } } } }); }],
  ['docker compose exec client dig +short web.lab.test', async (output) => {
    expect(output).toMatch(twoOfThree);
    expect((await tenAnswers('A')).size).toBeGreaterThan(1);
  }],
  [`docker compose exec dns curl -sS --json '{"filter":"shuffle","on":false}' localhost:9080/filter`, async () => {
    expect(await tenAnswers('A')).toEqual(new Set(['198.51.100.11 198.51.100.12']));
    expect(await tenAnswers('AAAA')).toEqual(new Set(['']));
  }],
  ['docker compose exec client dig +short web.lab.test', (output) => { expect(output).toBe('198.51.100.11\n198.51.100.12'); }],
  ['docker compose exec client curl -s http://web.lab.test:8080/', (output) => { expect(output).toBe('Hello, World from 198.51.100.11'); }],
  [`docker compose exec dns curl -sS --json '{"filter":"shuffle","on":true}' localhost:9080/filter`, async () => { expect((await tenAnswers('A')).size).toBeGreaterThan(1); }],
  [`docker compose exec dns curl -sS --json '{"on":true}' localhost:9080/aaaa`, async () => { expect([...(await tenAnswers('AAAA'))].join()).toMatch(/2001:db8:1::1[123]/); }],
  ['docker compose exec client curl -s http://web.lab.test:8080/', (output) => { expect(output).toMatch(/^Hello, World from 2001:db8:1::1[123]$/); }],
  [timed, (output) => { expect(secondsOf(output)).toBeGreaterThan(0); }],
  [`docker compose exec backend-1 curl -sS --json '{"delayMs":500}' localhost:9080/behaviour`, async () => { expect(await now('backend-1')).toMatchObject({ behaviour: { delayMs: 500 } }); }],
  // The server's timer lasts 500 ms at least, and curl's clock begins before it.
  [timed, (output) => { expect(secondsOf(output)).toBeGreaterThanOrEqual(0.5); }],
  [`docker compose exec backend-1 curl -sS --json '{"fault":null}' localhost:9080/heal-behaviour`, async () => { expect(await now('backend-1')).toMatchObject({ behaviour: { delayMs: 0 } }); }],
  [timed, (output) => { expect(secondsOf(output)).toBeGreaterThan(0); }],
  [`docker compose exec backend-2 curl -sS --json '{"family":4}' localhost:9080/refuse`, async () => { expect(await now('backend-2')).toMatchObject({ listening: ['2001:db8:1::12'] }); }],
  // 7: the connection was refused (curl(1)).
  ['docker compose exec client curl -sS --ipv4 http://backend-2.lab.test:8080/', (output) => { expect(output).toMatch(/Connection refused|Couldn't connect|Could not connect/); }, 7],
  ['docker compose exec client curl -sS --ipv6 http://backend-2.lab.test:8080/', (output) => { expect(output).toBe('Hello, World from 2001:db8:1::12'); }],
  [`docker compose exec backend-2 curl -sS --json '{"family":4}' localhost:9080/listen`, () => undefined],
  ['docker compose exec client curl -sS --ipv4 http://backend-2.lab.test:8080/', (output) => { expect(output).toBe('Hello, World from 198.51.100.12'); }],
  ['docker compose kill backend-1', async () => { expect((await client('curl -sS --max-time 1 http://backend-1.lab.test:8080/')).exitCode).not.toBe(0); }],
  // The address of a killed container is gone, so an attempt there is silent, and the client goes on to the next address.
  ['docker compose exec client node client/main.ts --times 5 http://web.lab.test:8080/', (output) => { expect(output.match(/200 Hello, World from 2001:db8:1::1[23]/g)).toHaveLength(5); }],
  ['docker compose logs --tail 5 dns', async (output) => {
    expect(output).toMatch(/"name":"web\.lab\.test"/);
    // Nobody but the client has asked, so the log has no line of a health check.
    const { all } = await run('docker compose logs dns');
    expect(new Set([...all.matchAll(/"dns:query".*"from":"([^"]*)"/g)].map(([, from]) => from))).toEqual(new Set(['198.51.100.200']));
  }],
  // A container and a Node process start, which takes long on a busy machine.
  ['docker compose start backend-1', () => vi.waitFor(async () => { expect(await client('curl -sS http://backend-1.lab.test:8080/')).toMatchObject({ exitCode: 0 }); }, { timeout: 60_000, interval: 100 })],
  ['docker compose up --detach --force-recreate', async () => { expect(await now('dns')).toMatchObject({ aaaa: false }); }],
  ['docker compose exec client dig +short web.lab.test AAAA', (output) => { expect(output).toBe(''); }],
  ['docker compose down', async () => {
    const engine = await connectEngine();
    expect(await engine.listContainers({ all: true, filters })).toEqual([]);
    expect(await engine.listNetworks({ filters })).toEqual([]);
  }],
];

export function commandsOfThePage(): void {
  describeWith(['docker', 'curl'], 'a lab by hand on docker', () => {
    test(`${commands.length} commands of docs/docker.md have their effect`, { timeout: 600_000 }, async () => {
      expect(commands).toEqual(steps.map(([line]) => line));
      onTestFinished(async () => { await run('docker compose down --timeout 0'); });
      for (const [line, seen, expected = 0] of steps) {
        const { exitCode, all } = await run(line);
        expect({ line, exitCode, all }).toEqual({ line, exitCode: expected, all });
        await seen(all);
      }
    });

    test('all hosts have one image, which is built once', { timeout: 600_000 }, async () => {
      const engine = await connectEngine();
      const clock = async () => Date.parse(((await engine.info()) as { SystemTime: string }).SystemTime) / 1000;
      const since = await clock();
      expect(await run('docker compose build')).toMatchObject({ exitCode: 0 });
      // A build ends with a tag, also if every step of it comes from the cache.
      const tagged = await text(await engine.getEvents({ since, until: await clock(), filters: { type: ['image'], event: ['tag'] } }));
      expect(tagged.match(/"name":"failover-lab:dev"/g)).toHaveLength(1);
    });
  });
}

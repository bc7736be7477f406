/** Runs the commands of docs/docker.md exactly as the page shows them. */
import { readFileSync } from 'node:fs';
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { composeCommand } from '../lab/network/drivers/docker-engine.ts';
import { describeWith, until } from '../lab/testing/testing.ts';

const byHand = readFileSync('docs/docker.md', 'utf8').split('## Scenarios on Docker')[0] ?? '';
const commands = [...byHand.matchAll(/^```\n([\s\S]*?)^```/gm)].flatMap(([, block = '']) => block.trim().split('\n'));

describeWith(['docker', 'curl'], 'a lab by hand on docker', () => {
  test(`${commands.length} commands of docs/docker.md`, { timeout: 600_000 }, async () => {
    const compose = (await composeCommand()).join(' ');
    // The test has no terminal, and `docker compose exec` expects one without -T.
    const run = (line: string) => execa('sh', ['-c', line.replace('docker compose exec', 'docker compose exec -T').replaceAll('docker compose', compose)], { reject: false, all: true });
    onTestFinished(async () => { await run('docker compose down --timeout 0'); });
    const outputs: string[] = [];
    for (const line of commands) {
      const { exitCode, all } = await run(line);
      expect({ line, exitCode, all }).toMatchObject({ exitCode: 0 });
      outputs.push(all);
      if (line === 'docker compose ps') await until(async () => ((await run(line)).all.match(/healthy/g)?.length === 4 ? true : undefined), 'four healthy services');
    }
    const digs = outputs.filter((_, index) => commands[index]?.includes('dig +short'));
    expect(digs.at(-1)).toBe('198.51.100.11\n198.51.100.12');
    expect(outputs.find((_, index) => commands[index]?.includes('curl -s http://web') && index > commands.findIndex((line) => line.includes('aaaa')))).toMatch(/^Hello, World from 2001:db8:1::1[123]$/);
    // The address of a killed container is gone, so its attempt is silent, and the client goes on to the next address.
    expect(outputs.at(-2)).toContain('Hello, World from');
  });
});

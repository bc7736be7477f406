/** Runs the commands and the examples of docs/clients.md, and the commands of docs/tls.md, exactly as the pages show them. Compares the example of docs/add-a-client.md with the code. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { netns } from '../lab/network/drivers/netns.ts';
import { runScenario } from '../lab/run/run-scenario.ts';
import { describeWith, type Need } from '../lab/testing/testing.ts';
import { scenarios } from '../scenarios/index.ts';

const page = readFileSync('docs/clients.md', 'utf8');
const blocks = (language: string, of = page): string[] => [...of.matchAll(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, 'gm'))].map(([, block = '']) => block);

/** The commands of the pages, without those that need an image: another test covers images. */
const makes = [page, readFileSync('docs/tls.md', 'utf8')].flatMap((each) => blocks('', each)).flatMap((block) => block.split('\n')).filter((line) => line.startsWith('make ') && !line.includes('client-image'));

describeWith(['netns', 'curl', 'wget', 'go'], 'the commands of docs/clients.md and docs/tls.md', () => {
  test('are found in the page', () => {
    expect(makes.length).toBeGreaterThan(1);
  });
  // wget waits for each silent address, and the lab ends it after 20 s.
  test.for(makes)('%s', { timeout: 120_000 }, (line) => {
    const { status, stderr } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });
});

test('docs/add-a-client.md shows the code that the lab has', () => {
  const sources = ['client/external/programs/perl_http_tiny.pl', 'client/external/perl-http-tiny.ts', 'client/external/axios.ts', 'client/external/index.ts', 'lab/testing/expected-clients.ts', 'lab/testing/expected-variants.ts'].map((path) => readFileSync(path, 'utf8'));
  const guide = readFileSync('docs/add-a-client.md', 'utf8');
  const shown = [...blocks('perl', guide), ...blocks('ts', guide)];
  expect(shown).toHaveLength(7);
  expect(shown.filter((block) => !sources.some((source) => source.includes(block)))).toEqual([]);
});

/** In the scenario keep-alive, three of the six requests have their own process each. `connections`: how many connections the other three use. */
const examples: { language: string; needs: Need[]; interpreter: string; connections: number }[] = [
  { language: 'python', needs: ['python'], interpreter: '/usr/bin/python3', connections: 1 },
  { language: 'ruby', needs: ['ruby'], interpreter: 'ruby', connections: 3 },
  { language: 'sh', needs: ['curl'], interpreter: 'sh', connections: 3 },
];

describeWith('netns', 'the examples of docs/clients.md', () => {
  for (const { language, needs, interpreter, connections } of examples) {
    describeWith(needs, `in ${language}`, () => {
      const run = async (name: 'keep-alive' | 'all-down') => {
        const [program, ...others] = blocks(language);
        expect(others).toEqual([]);
        const folder = mkdtempSync(join(tmpdir(), 'example-'));
        onTestFinished(() => { rmSync(folder, { recursive: true }); });
        const path = join(folder, 'client');
        writeFileSync(path, program ?? '');
        const { journal } = await runScenario({
          name, scenario: scenarios[name], driver: netns, client: `${interpreter} ${path}`, clientOptions: {}, seed: '1', signal: new AbortController().signal,
        });
        expect({ error: journal.error, doubts: journal.doubts, verdict: journal.verdict }).toEqual({ error: null, doubts: [], verdict: 'pass' });
        return journal;
      };

      test('runs keep-alive with the expected number of connections', { timeout: 60_000 }, async () => {
        expect((await run('keep-alive')).findings.connections.opened).toBe(connections + 3);
      });

      test('reports an error when all backends are down', { timeout: 60_000 }, async () => {
        expect((await run('all-down')).findings.requests).toEqual({ sent: 2, ok: 1, failed: 1 });
      });
    });
  }
});

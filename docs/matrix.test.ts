/** `lab matrix` as a process: two clients, two failures, the files and the page, and the messages for bad input. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import type { Matrix } from '../lab/report/matrix/matrix.ts';
import { describeWith } from '../lab/testing/testing.ts';

const lab = join(import.meta.dirname, '../bin/lab');
const run = promisify(execFile);

async function inFreshFolder<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'failover-lab-matrix-'));
  try {
    return await body(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describeWith(['netns', 'curl'], 'lab matrix', () => {
  test('measures each client against each failure, and every cell links to the files of a run', { timeout: 60_000 }, async () => {
    await inFreshFolder(async (folder) => {
      const { stdout } = await run(lab, ['matrix', '--driver', 'netns', '--clients', 'node-fetch,curl', '--failures', 'first-refused server-stopped', '--repeat', '2', '--write', 'page.md'], { cwd: folder });
      expect(stdout).toMatch(/Connecting +first address refused\nnode-fetch +\d/);
      const matrix = JSON.parse(await readFile(join(folder, 'results/matrix.json'), 'utf8')) as Matrix;
      expect(matrix.cells).toHaveLength(4);
      for (const { outcomes, unknown, readings } of matrix.cells) {
        expect(outcomes).toMatchObject([{ outcome: 'answered', count: 2 }]);
        expect(unknown).toBe(0);
        for (const { directory, delayMs } of readings) {
          expect(delayMs).toBeGreaterThanOrEqual(0);
          const journal = JSON.parse(await readFile(join(folder, directory, 'journal.json'), 'utf8')) as { verdict: string };
          expect(journal.verdict).toBe('pass');
        }
      }
      const page = await readFile(join(folder, 'page.md'), 'utf8');
      const [cell] = matrix.cells;
      expect(page).toContain(`](${cell?.readings[0]?.directory ?? 'nowhere'})`);
      expect(page).toContain("make matrix clients='node-fetch,curl' failures='first-refused server-stopped' repeat=2");
    });
  });

  test.each([
    [['--clients', 'netscape'], /Unknown client `netscape`/],
    [['--failures', 'first-lost'], /Unknown failure `first-lost`.*first-refused/s],
    [['--repeat', '0'], /Expected `--repeat` to be a whole number from 1 to 1000, got `0`/],
  ])('%s: ends with one clear message and exit status 3', async (flags, message) => {
    await inFreshFolder(async (folder) => {
      const outcome = await run(lab, ['matrix', ...flags], { cwd: folder }).catch((error: unknown) => error as { code: number; stderr: string });
      expect(outcome).toMatchObject({ code: 3, stderr: expect.stringMatching(message) as string });
    });
  });
});

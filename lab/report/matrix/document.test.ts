import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { cellOf, lacking } from '../../analysis/cells.ts';
import { madeUpMatrix } from '../../testing/made-up-matrix.ts';
import { matrixDocument } from './document.ts';
import { familyOf, readMatrix } from './matrix.ts';

test('the summary stands above the tables, and nothing links to the files of a run', () => {
  const page = matrixDocument(madeUpMatrix());
  expect(page.indexOf('## In short')).toBeLessThan(page.indexOf('| client |'));
  expect(page).toContain('**Which clients send a POST again?**\n\n- answered (reused, sent 2 times): `chromium`\n- answered (dialled): `go-cgo`\n');
  expect(page).toContain('| `node-18-fetch` | UND_ERR_CONNECT_TIMEOUT | 2× UND_ERR_CONNECT_TIMEOUT, 10.02 s ±5.0 ms; 1× EAI_AGAIN, 10.07 s |');
  expect(page).toContain('| `go-cgo` | 15.03 s | 2× ? |');
  expect(page).toContain('| `java` | – |');
  expect(page).toContain('| `musl` | not found: install musl-tools |');
  expect(page).toContain('`no answer in 17 s` means');
  expect(page).not.toMatch(/\]\(/);
});

test('a table has at most three failures, and a group of more has several tables of nearly the same width', () => {
  const matrix = madeUpMatrix();
  const [some] = matrix.groups;
  const failures = Array.from({ length: 5 }, (_, index) => ({ ...(some?.failures[0] ?? expect.fail()), title: `failure ${index}` }));
  const page = matrixDocument({ ...matrix, groups: [{ title: 'Many', failures }] });
  expect([...page.matchAll(/^\| client \|( failure.*) \|$/gm)].map(([, heads = '']) => heads)).toEqual([' failure 0 | failure 1 | failure 2', ' failure 3 | failure 4']);
});

test('errors and commands from outside stay text, and end no cell', () => {
  const matrix = madeUpMatrix();
  const hostile = 'a|b `c` <img src=x> [d](e) *f* _g_ \\';
  const cells = matrix.cells.map((cell) => ({ ...cell, client: cell.client === 'go' ? hostile : cell.client, outcomes: cell.outcomes.map((each) => ({ ...each, outcome: each.outcome === 'EOF' ? hostile : each.outcome })) }));
  const page = matrixDocument({ ...matrix, cells, clients: matrix.clients.map((client) => (client.name === 'go' ? { ...client, name: hostile } : client)) });
  const row = page.split('\n').find((line) => line.includes('2.5 ms')) ?? '';
  expect(row).toBe("| `a\\|b 'c' <img src=x> [d](e) *f* _g_ \\` | a\\|b \\`c\\` \\<img src=x\\> \\[d\\](e) \\*f\\* …, 2.5 ms, reused |");
});

test('the family of a client is the first word of its name', () => {
  expect(['node-fetch', 'node-18-http', 'python-urllib', 'curl', '/usr/bin/curl -sS {url}', 'curl -sS {url}', 'perl-lwp', './my-client'].map(familyOf)).toEqual(['node', 'node', 'python', 'curl', 'curl', 'curl', 'perl', 'my']);
});

test('a client that cannot meet a failure was not run: the page says what it lacks, and the file of the matrix can be read again', () => {
  const folder = mkdtempSync(join(tmpdir(), 'matrix-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  const matrix = madeUpMatrix();
  const cannot = cellOf('java', '1', 'closed-post', [{ outcome: lacking.tls, delayMs: null, remark: null, directory: '', trouble: null }]);
  const file = join(folder, 'matrix.json');
  writeFileSync(file, JSON.stringify({ ...matrix, cells: [...matrix.cells, cannot] }));
  expect(readMatrix(file).cells.at(-1)).toEqual(cannot);
  expect(matrixDocument(readMatrix(file))).toContain('| `java` | no TLS |');
});

/** The side of the control protocol that a process on a host has. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

test('a process that ends has written each of its lines to the end', async () => {
  const fixture = fileURLToPath(new URL('./control.fixture.ts', import.meta.url));
  const { code, stdout } = await new Promise<{ code: unknown; stdout: string }>((resolve) => {
    // The reader is slower than the writer, so the pipe is full when the process ends.
    execFile('sh', ['-c', '{ "$0" "$1"; echo "status $?"; } | { sleep 0.2; cat; }', process.execPath, fixture], { maxBuffer: 10_000_000 }, (error, text) => { resolve({ code: error?.code ?? 0, stdout: text }); });
  });
  const lines = stdout.trimEnd().split('\n');
  expect(code).toBe(0);
  expect(lines.pop()).toBe('status 7');
  expect(lines.map((line) => (JSON.parse(line) as { number: number }).number)).toEqual(Array.from({ length: 2_000 }, (_, index) => index + 1));
});

/** The socket of a lab by hand, when several processes want it at the same moment. */
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';

/** Loads the module, whose socket is in a folder of this test then. */
async function ownSocket(): Promise<{ openHandControl: typeof import('./hand-control.ts').openHandControl; directory: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'socket-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); vi.unstubAllEnvs(); vi.resetModules(); });
  vi.stubEnv('TMPDIR', folder);
  vi.stubEnv('XDG_RUNTIME_DIR', undefined);
  const { openHandControl } = await import('./hand-control.ts');
  return { openHandControl, directory: join(folder, `failover-lab-${userInfo().uid}`) };
}

test('of eight at once one gets it, also where a lab that was killed has left its socket; when it is given back, the next one gets it', async () => {
  const { openHandControl, directory } = await ownSocket();
  mkdirSync(directory, { mode: 0o700 });
  // A socket that nobody listens on: its name was changed, so its server does not remove it at its end.
  const stale = createServer().listen(join(directory, 'x'));
  await once(stale, 'listening');
  renameSync(join(directory, 'x'), join(directory, 'control.sock'));
  stale.close();

  for (let round = 0; round < 3; round++) {
    const opened = await Promise.allSettled(Array.from({ length: 8 }, () => openHandControl()));
    const got = opened.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
    const refused = opened.flatMap((each) => (each.status === 'rejected' ? [each.reason as Error] : []));
    expect(got).toHaveLength(1);
    for (const error of refused) expect(error).toMatchObject({ code: 'BAD_INPUT', message: expect.stringContaining('A lab is up already') as string });
    await got[0]?.[Symbol.asyncDispose]();
    expect(existsSync(directory)).toBe(false);
  }
});

test('one that is opened while another one is given back gets it or is refused, and a lock is never left behind', async () => {
  const { openHandControl } = await ownSocket();
  for (let round = 0; round < 20; round++) {
    const first = await openHandControl();
    const [, second] = await Promise.all([first[Symbol.asyncDispose](), openHandControl().catch(() => null)]);
    await second?.[Symbol.asyncDispose]();
    const third = await openHandControl();
    await third[Symbol.asyncDispose]();
  }
});

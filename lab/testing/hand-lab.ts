/** A lab by hand for a test, as `bin/lab up` keeps it up. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';

/** A lab that is up. */
export interface HandLab {
  /** With this environment, `bin/lab` in another process finds the lab. */
  env: NodeJS.ProcessEnv;
  /** Presses Ctrl-C, and returns the exit status and the signal of `bin/lab up`. */
  down(): Promise<unknown[]>;
}

/** Resolves when the lab is up. Its socket is in a folder of its own, so it does not touch a lab that somebody keeps up. */
export async function startHandLab(driver = 'netns'): Promise<HandLab> {
  const folder = mkdtempSync(join(tmpdir(), 'hand-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  const env = { ...process.env, TMPDIR: folder };
  const up = spawn('bin/lab', ['up', '--driver', driver], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => { up.kill('SIGKILL'); });
  const ended = once(up, 'exit');
  for await (const line of createInterface({ input: up.stdout })) if (line.includes('The lab is up')) break;
  up.stdout.resume();
  return {
    env,
    down: () => {
      up.kill('SIGINT');
      return ended;
    },
  };
}

/** Which lab this is, so that the shards of a plan measure the same: its commit, and the packages that it was installed with. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plan } from '../shards/plan.ts';
import { LabError } from '../vocabulary/errors.ts';
import { projectRoot, version } from '../vocabulary/project.ts';

/** The version, the commit and the hash of package-lock.json of this lab. */
export function thisLab(): Pick<Plan, 'lab' | 'commit' | 'lock'> {
  const lock = join(projectRoot, 'package-lock.json');
  return { lab: version, commit: commitOf(projectRoot), lock: existsSync(lock) ? createHash('sha256').update(readFileSync(lock)).digest('hex') : null };
}

/** Null where the folder is no checkout, for instance in an image, or where git is not installed or refuses to read it. */
function commitOf(folder: string): string | null {
  // The package lies inside somebody else's checkout, whose commit says nothing about the lab.
  if (!existsSync(join(folder, '.git'))) return null;
  try {
    // Without a lock: several shards of one checkout may ask at the same time. Without tags: a tag is no commit.
    return execFileSync('git', ['--no-optional-locks', '-C', folder, 'describe', '--always', '--dirty', '--abbrev=40', '--exclude=*'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return null;
  }
}

/** Returns what this lab is. @throws {LabError} BAD_INPUT if the plan was made with another lab than this one. Where a commit is not known, `lab merge` says so. */
export function checkLab(plan: Plan, file: string): Pick<Plan, 'lab' | 'commit' | 'lock'> {
  const own = thisLab();
  const differences = ([['version', plan.lab, own.lab], ['commit', plan.commit, own.commit], ['package-lock.json (SHA-256)', plan.lock, own.lock]] as const).filter(([, planned, here]) => planned !== null && here !== null && planned !== here);
  if (differences.length === 0) return own;
  throw new LabError('BAD_INPUT', `The plan ${file} was made with another lab than this one: ${differences.map(([what, planned, here]) => `its ${what} is ${planned}, and here it is ${here}`).join('; ')}. Check out the same commit and install its packages, or make a new plan.`);
}

/** The source trees that a benchmark compares. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../lab/vocabulary/errors.ts';
import { projectRoot } from '../lab/vocabulary/project.ts';
import { took } from './measure.ts';

export interface Trees {
  /** The folder of this project. */
  now: string;
  /** A folder with the project as it was at another commit, or null if nothing is compared. */
  before: string | null;
}

/**
 * Makes the tree of `commit` in a folder below results/, with its packages; null makes none. The folder is removed in the end.
 * @throws {LabError} BAD_INPUT if there is no such commit.
 */
export function treesWith(commit: string | null): Trees & Disposable {
  makeBuild(projectRoot);
  if (commit === null) return { now: projectRoot, before: null, [Symbol.dispose]: () => undefined };
  const git = (...words: string[]): string => execFileSync('git', ['-C', projectRoot, ...words], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  let hash: string;
  try {
    hash = git('rev-parse', '--verify', '--quiet', '--end-of-options', `${commit}^{commit}`).trim();
  } catch (error) {
    throw new LabError('BAD_INPUT', `Expected \`against\` to be a commit of this repository, got \`${commit}\`.`, { cause: error });
  }
  mkdirSync(join(projectRoot, 'results'), { recursive: true });
  // Not below node_modules, because Node runs no TypeScript there.
  const before = mkdtempSync(join(projectRoot, 'results/bench-'));
  const dispose = (): void => {
    rmSync(before, { recursive: true, force: true });
    git('worktree', 'prune');
  };
  try {
    git('worktree', 'add', '--detach', '--force', before, hash);
    installInto(before);
    makeBuild(before);
  } catch (error) {
    dispose();
    throw error;
  }
  return { now: projectRoot, before, [Symbol.dispose]: dispose };
}

/** The first command of a tree makes its build. */
function makeBuild(tree: string): void {
  took([join(tree, 'bin/lab'), 'list']);
}

/**
 * The packages are linked if they are those of the commit, and otherwise installed. With links, both trees run one and the same file of Node, and its pages
 * are shared in the same way: otherwise their memory could not be compared. The builds are not shared.
 */
function installInto(tree: string): void {
  const lock = (root: string): string => readFileSync(join(root, 'package-lock.json'), 'utf8');
  if (lock(tree) !== lock(projectRoot)) {
    execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: tree, stdio: ['ignore', 'ignore', 'inherit'] });
    return;
  }
  const [from, to] = [join(projectRoot, 'node_modules'), join(tree, 'node_modules')];
  mkdirSync(to);
  execFileSync('cp', ['-al', ...readdirSync(from).filter((name) => name !== '.cache').map((name) => join(from, name)), to]);
  // Otherwise make would install them again.
  utimesSync(join(to, '.package-lock.json'), new Date(), new Date());
}

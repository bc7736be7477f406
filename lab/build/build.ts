/**
 * Bundles each program of this project into a few files, because a process that loads them starts sooner than one that loads fifty, and strips their types.
 *
 * The build is made at first use. The name of its folder is a hash over all sources: an edited source makes another name, and so another build.
 * No build is ever stale, and there is no command to remember. docs/architecture.md says which process runs from what.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Every file that a process on a host, or a thread of one, is started with. */
export const hostPrograms: readonly string[] = [
  'services/dns/main.ts',
  'services/backend/main.ts',
  'services/backend/deaf.ts',
  'services/probe/main.ts',
  'services/capture/main.ts',
  'services/link/main.ts',
  'services/link/relay.ts',
  'services/load/main.ts',
  'services/load/redialers.ts',
  'services/keep-root.ts',
  'client/main.ts',
];
const programs = ['lab/cli/main.ts', ...hostPrograms];
const folders = ['lab', 'services', 'client', 'scenarios'];
/** These stay in node_modules: they load native code, or are needed by few commands and are large. */
const external = ['koffi', 'esbuild', 'dockerode', 'fastify'];
/** A lab by hand may run from an older build for days. */
const keepDays = 7;

/**
 * Returns the folder of the build of the sources in `root`, and makes it if it is not there: `services/dns/main.ts` is `services/dns/main.mjs` in it.
 * Null if it cannot be made, because esbuild is not installed or node_modules cannot be written. Then the programs run from the sources.
 */
export function buildOf(root: string): string | null {
  const builds = join(root, 'node_modules/.cache/build');
  const folder = join(builds, hashOf(root));
  if (existsSync(folder)) return folder;
  try {
    makeBuild(root, folder);
  } catch {
    return null;
  }
  removeOld(builds);
  return folder;
}

/** Builds programs into `folder`. Several processes may do so at the same time: one of them wins. @throws {Error} when it cannot be made. */
export function makeBuild(root: string, folder: string, entryPoints: readonly string[] = programs): void {
  const { buildSync } = createRequire(import.meta.url)('esbuild') as typeof import('esbuild');
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    buildSync({
      absWorkingDir: root,
      entryPoints: [...entryPoints],
      outbase: root,
      outdir: unfinished,
      outExtension: { '.js': '.mjs' },
      bundle: true,
      // What several programs share is in files of its own. So is what a program loads only when it needs it.
      splitting: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      sourcemap: true,
      sourcesContent: false,
      inject: ['lab/build/readable-stack.ts'],
      external,
      // A CommonJS package in an ES module needs `require`.
      banner: { js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);" },
      define: { BUILT_FROM: JSON.stringify(root), BUILT_TO: JSON.stringify(folder) },
      logLevel: 'silent',
    });
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/**
 * A hash over name, size and times of every source. The kernel sets the change time (ctime) itself whenever a file changes, so the content need not
 * be read (inode(7)).
 */
function hashOf(root: string): string {
  const hash = createHash('sha256').update(root);
  const add = (path: string): void => {
    const { size, mtimeNs, ctimeNs, ino } = statSync(path, { bigint: true });
    hash.update(`${path} ${size} ${mtimeNs} ${ctimeNs} ${ino}\n`);
  };
  for (const folder of folders) {
    const files = existsSync(join(root, folder)) ? readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }) : [];
    for (const file of files.sort()) if (file.endsWith('.ts') && !file.endsWith('.test.ts')) add(join(root, folder, file));
  }
  add(join(root, 'package-lock.json'));
  return hash.digest('hex').slice(0, 16);
}

function removeOld(builds: string): void {
  for (const name of readdirSync(builds)) {
    const folder = join(builds, name);
    const madeMs = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? Infinity;
    if (Date.now() - madeMs > keepDays * 86_400_000) rmSync(folder, { recursive: true, force: true });
  }
}

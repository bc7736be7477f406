/**
 * Bundles each program of this project into one CommonJS file, and strips its types. A process that loads one file starts sooner than one that loads
 * fifty. CommonJS, because Node's ES modules take 5 ms more at each start, and because an `import` of node:fs or node:http reads all its exports: some of
 * them load as much again (WebSocket of node:http loads undici, 40 ms). `require` gets them when they are used.
 *
 * The build is made at first use. The name of its folder is a hash over all sources: an edited source makes another name, and so another build.
 * No build is ever stale, and there is no command to remember. docs/architecture.md says which process runs from what.
 */
import type { BuildOptions } from 'esbuild';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';

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
  'services/load/http2.ts',
  'services/load/redialers.ts',
  'services/resolver/main.ts',
  'services/keep-root.ts',
  'client/main.ts',
];
/** Every program. */
export const programs: readonly string[] = ['lab/cli/main.ts', ...hostPrograms];
/** The scripts and the styles of the page of a run and of the matrix. A browser runs them, so they are built once and put into each page. */
const page = ['main.ts', 'style.css', 'matrix.ts', 'matrix.css'].map((name) => `lab/picture/page/${name}`);
/** The same for the page of the workshop. It needs preact, which a run does not, so it is built when it is asked for. */
const workshopPage = ['lab/workshop/page/main.tsx', 'lab/workshop/page/style.css'];
const folders = ['lab', 'services', 'client', 'scenarios'];
/** These stay in node_modules: they load native code, or are needed by few commands and are large. */
const external = ['koffi', 'esbuild', 'dockerode', 'fastify', 'zx'];
/** A lab by hand may run from an older build for days. */
const keepDays = 7;

/**
 * Returns the folder of the build of the sources in `root`, and makes it if it is not there: `services/dns/main.ts` is `services/dns/main.cjs` in it.
 * Null if it cannot be made, because esbuild is not installed or node_modules cannot be written. Then the programs run from the sources.
 */
export function buildOf(root: string): string | null {
  const builds = join(root, 'node_modules/.cache/build');
  const lookedMs = Date.now();
  const folder = join(builds, hashOf(root));
  try {
    if (!existsSync(folder)) {
      makeBuild(root, folder);
      removeOld(builds);
    }
  } catch {
    return null;
  }
  try {
    writeCurrent(join(builds, 'current'), root, folder, lookedMs);
  } catch {
    // node_modules can be read only. The build that is there runs all the same; bin/lab only has to look closer each time.
  }
  return folder;
}

/**
 * Writes for bin/lab which build is that of the sources. It is as old as the look at the sources, or a little older, since a file system keeps the time
 * of a change only to some milliseconds: every later change of a source is newer than this file.
 */
function writeCurrent(file: string, root: string, folder: string, lookedMs: number): void {
  const unfinished = `${file}.${process.pid}`;
  writeFileSync(unfinished, `${root}\n${folder}\n`);
  utimesSync(unfinished, lookedMs / 1_000 - 0.05, lookedMs / 1_000 - 0.05);
  renameSync(unfinished, file);
}

/** Builds programs into `folder`. Several processes may do so at the same time: one of them wins. @throws {Error} when it cannot be made. */
export function makeBuild(root: string, folder: string, entryPoints: readonly string[] = programs): void {
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild') as typeof import('esbuild');
  const unfinished = `${folder}.${process.pid}`;
  mkdirSync(dirname(folder), { recursive: true });
  try {
    buildSync({ ...settings(root, folder), entryPoints: [...entryPoints], outdir: unfinished });
    if (entryPoints === programs) buildSync({ ...pageSettings(root), outdir: unfinished });
    renameSync(unfinished, folder);
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true });
    if (!existsSync(folder)) throw error;
  }
}

/** Builds the page of the workshop into the folder of a build, if it is not there. @throws {Error} when it cannot be made. */
export function buildWorkshopPage(root: string, folder: string): void {
  const made = 'lab/workshop/page';
  if (existsSync(join(folder, made))) return;
  const { buildSync } = createRequire(join(root, 'package.json'))('esbuild') as typeof import('esbuild');
  const unfinished = `${folder}.${process.pid}.page`;
  try {
    buildSync({ ...workshopSettings(root), outdir: unfinished });
    mkdirSync(join(folder, dirname(made)), { recursive: true });
    renameSync(join(unfinished, made), join(folder, made));
  } catch (error) {
    if (!existsSync(join(folder, made))) throw error;
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

/** How esbuild bundles a program of the project in `root` that will be in `folder`. */
export function settings(root: string, folder: string): BuildOptions {
  return {
    absWorkingDir: root,
    outbase: root,
    outdir: folder,
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    sourcemap: true,
    sourcesContent: false,
    inject: ['lab/build/readable-stack.ts'],
    external,
    define: { BUILT_HERE: '__dirname', BUILT_TO: JSON.stringify(relative(root, folder)) },
    minifyWhitespace: true,
    minifySyntax: true,
    logLevel: 'silent',
  };
}

/** How esbuild bundles the scripts and the styles of the pages. These browsers and later ones have all that it uses (URL.parse is the youngest). */
export function pageSettings(root: string): BuildOptions {
  return { absWorkingDir: root, outbase: root, entryPoints: page, bundle: true, platform: 'browser', format: 'iife', target: ['chrome126', 'firefox126', 'safari18'], minify: true, charset: 'utf8', legalComments: 'none', logLevel: 'silent' };
}

/** The same for the page of the workshop. */
export function workshopSettings(root: string): BuildOptions {
  return { ...pageSettings(root), entryPoints: workshopPage, jsx: 'automatic', jsxImportSource: 'preact' };
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
    for (const file of files.sort()) if (/\.(tsx?|css)$/.test(file) && !file.endsWith('.test.ts')) add(join(root, folder, file));
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

/**
 * The tag of the lab's image: a hash of everything that the image is made of. When any of it changes, the tag changes, and the next lab builds
 * another image. Otherwise docker would go on running the old programs.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';

/** These files say how the image is built. compose.yaml names the base image. */
const recipe = ['Dockerfile', 'compose.yaml'];

/** The further Debian packages that the image is built with: WITH=nginx,wget. The Dockerfile reads the same variable. */
export function imagePackages(): string[] {
  return (process.env['WITH'] ?? '').split(/[\s,]+/).filter((word) => word !== '').sort();
}

/**
 * Returns the tag of the image that `root`, a folder of this project, builds. `base` identifies the base image, and is empty for the one
 * that compose.yaml names. The tag begins with the tag of the plain image, so that it shows which sources the image has.
 */
export async function imageTag(root: string, base: string, packages: readonly string[] = imagePackages()): Promise<string> {
  const plain = await sourcesHash(root);
  return base === '' && packages.length === 0 ? plain : `${plain}-${createHash('sha256').update(JSON.stringify([base, packages])).digest('hex').slice(0, 8)}`;
}

async function sourcesHash(root: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of [...recipe, ...(await copiedFiles(root))]) {
    const path = join(root, file);
    // COPY keeps links, and it keeps the mode: a program that is not executable makes another image.
    const stats = await lstat(path);
    const content = stats.isSymbolicLink() ? await readlink(path, 'buffer') : await readFile(path);
    hash.update(JSON.stringify([file, stats.mode, content.length])).update(content);
  }
  return hash.digest('hex').slice(0, 12);
}

/** Returns the files of `root` that the Dockerfile copies into the image, sorted: those under the sources of COPY that .dockerignore does not exclude. */
export async function copiedFiles(root: string): Promise<string[]> {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  const sources = [...dockerfile.matchAll(/^COPY +(.*) +\S+$/gm)].flatMap(([, words = '']) => words.split(/ +/));
  const isIgnored = ignoring(await readFile(join(root, '.dockerignore'), 'utf8'));
  const files = await Promise.all(sources.map((source) => filesUnder(root, source)));
  return files.flat().filter((file) => !isIgnored(file)).sort();
}

async function filesUnder(root: string, source: string): Promise<string[]> {
  if ((await lstat(join(root, source))).isFile()) return [source];
  const entries = await readdir(join(root, source), { recursive: true, withFileTypes: true });
  return entries.filter((entry) => !entry.isDirectory()).map(({ parentPath, name }) => relative(root, join(parentPath, name)));
}

/**
 * Returns a test of paths by the patterns of a .dockerignore (https://docs.docker.com/build/concepts/context/#dockerignore-files): the last
 * pattern that matches the path, or a folder above it, decides.
 */
function ignoring(text: string): (path: string) => boolean {
  const rules = text.split('\n').map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#')).map((line) => {
    const isException = line.startsWith('!');
    return { isException, pattern: patternOf(isException ? line.slice(1) : line) };
  });
  return (path) => rules.findLast(({ pattern }) => pattern.test(path))?.isException === false;
}

/** `**` stands for any number of folders, `*` for any text but a slash, `?` for one character. */
function patternOf(glob: string): RegExp {
  const source = glob.replace(/\*\*\/?|[*?]|[.+^${}()|[\]\\]/g, (special) =>
    special === '**/' ? '(?:.*/)?' : special === '**' ? '.*' : special === '*' ? '[^/]*' : special === '?' ? '[^/]' : `\\${special}`);
  return new RegExp(`^${source}(?:/|$)`);
}

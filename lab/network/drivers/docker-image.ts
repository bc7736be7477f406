/**
 * The lab's image. Its tag is a hash of everything that the image is made of. When any of it changes, the tag changes, and the next lab builds
 * another image. Otherwise docker would go on running the old programs.
 */
import { createHash } from 'node:crypto';
import { lstat, readdir, readFile, readlink } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type Docker from 'dockerode';
import { imagePackages } from '../../vocabulary/installation.ts';
import { printable } from '../../vocabulary/printable.ts';
import { answerOf } from './docker-engine.ts';

/** These files say how the image is built. compose.yaml names the base image. */
const recipe = ['Dockerfile', 'compose.yaml'];

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

const repository = 'failover-lab';
/** The first line of each step: of the classic builder, and of BuildKit. */
const stepLine = /^(?:Step (\d+\/\d+) :|#\d+ \[[^\]]*?(\d+\/\d+)\]) *(.*)$/;

export async function hasImage(engine: Docker, tag: string): Promise<boolean> {
  return (await answerOf('Looking for the image', engine.listImages({ filters: { reference: [`${repository}:${tag}`] } }))).length > 0;
}

/** Shows on stderr what a build does: it may take minutes. `build` calls its argument with each line that the builder writes. */
export async function buildImage(tag: string, build: (onLine: (line: string) => void) => Promise<void>): Promise<void> {
  // The time that a run shows on a terminal stands on the same line.
  const tell = (line: string): void => { process.stderr.write(`${process.stderr.isTTY ? '\r\u001b[2K' : ''}${line}\n`); };
  const start = performance.now();
  tell(`Building the image ${repository}:${tag}. The first build takes minutes, later ones some seconds. Ctrl-C ends it.`);
  let last = '';
  await build((line) => {
    const [, classic, buildKit, what = ''] = stepLine.exec(line) ?? [];
    const step = classic ?? buildKit;
    if (step === undefined || step === last) return;
    last = step;
    const words = printable(what.replaceAll(/\s+/g, ' '));
    tell(`  ${step} ${words.length > 90 ? `${words.slice(0, 90)}…` : words}`);
  });
  tell(`The image is built, after ${((performance.now() - start) / 1000).toFixed(1)} s.`);
}

/**
 * Removes the images of the lab that no run of `root` will use again: those made from other sources, and those that a later build has taken the
 * name from. An image that a container uses stays, and so does the image of the lab by hand. Returns how many were removed.
 */
export async function removeOldImages(engine: Docker, root: string): Promise<number> {
  const now = await sourcesHash(root);
  const isKept = (tag: string): boolean => tag === `${repository}:dev` || tag === `${repository}:${now}` || tag.startsWith(`${repository}:${now}-`);
  const images = await answerOf('Listing its images', engine.listImages({ filters: { label: ['failover-lab=image'] } }));
  let removed = 0;
  for (const { Id, RepoTags } of images) {
    const tags = (RepoTags ?? []).filter((tag) => tag.startsWith(`${repository}:`));
    // An image without a name is removed by its id. The engine names it `<none>:<none>`, or not at all. An image with a name that is not the lab's is somebody's.
    const isNameless = (RepoTags ?? []).every((tag) => tag === '<none>:<none>');
    for (const name of isNameless ? [Id] : tags.filter((tag) => !isKept(tag))) {
      await answerOf(`Removing the image ${name}`, engine.getImage(name).remove().then(() => { removed++; }, (error: unknown) => {
        // 404: a build has removed it. 409: a container uses it, or another image is made from it.
        if (![404, 409].includes((error as { statusCode?: number }).statusCode ?? 0)) throw error;
      }));
    }
  }
  return removed;
}

/** Returns the files of `root` that the Dockerfile copies into the image of the hosts, sorted: those under the sources of COPY that .dockerignore does not exclude. */
export async function copiedFiles(root: string): Promise<string[]> {
  const dockerfile = await readFile(join(root, 'Dockerfile'), 'utf8');
  // The stage after it is another image.
  const [hosts = ''] = dockerfile.split(/^FROM hosts AS lab$/m);
  const sources = [...hosts.matchAll(/^COPY +(.*) +\S+$/gm)].flatMap(([, words = '']) => words.split(/ +/));
  const isIgnored = ignoring(await readFile(join(root, '.dockerignore'), 'utf8'));
  const files = await Promise.all(sources.map((source) => filesUnder(root, source)));
  // Two steps may copy the same file: the list of packages alone, before they are installed, and then with its folder.
  return [...new Set(files.flat())].filter((file) => !isIgnored(file)).sort();
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

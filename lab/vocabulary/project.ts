/** Where the files of this project are, whether this process runs from the sources or from what the build (lab/build/) has made of them. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Constants of a built file: its own folder, and the folder of the build, relative to that of the project. A built project can have another place than the one it was built in. */
declare const BUILT_HERE: string | undefined;
declare const BUILT_TO: string | undefined;

/** The folder of this project: the nearest one with a package.json. */
export const projectRoot = folderOfPackage(typeof BUILT_HERE === 'undefined' ? import.meta.dirname : BUILT_HERE);

/** The folder of the build that this process runs from; null for a process that runs from the sources. */
export const ownBuild: string | null = typeof BUILT_TO === 'undefined' ? null : join(projectRoot, BUILT_TO);

/** The version of this project. */
export const { version } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { version: string };

/** Whether this is the npm package, which has no sources, and not a clone. */
const isPackage = !existsSync(join(projectRoot, 'lab'));

/** The folder that the image of the docker driver is made from. The package has a copy of the sources for it. */
export const imageContext = isPackage ? join(projectRoot, 'dist/image') : projectRoot;

/** The command `lab` as somebody types it: from a clone, or from the package. */
export const labCommand = isPackage ? 'npx lab' : 'bin/lab';

/** The file of a program: of the sources, or of a build. `path` is the source's path in the project. */
export function programFile(path: string, { root = projectRoot, build = ownBuild }: { root?: string; build?: string | null } = {}): string {
  return build === null ? `${root}/${path}` : `${build}/${path.replace(/\.ts$/, '.cjs')}`;
}

function folderOfPackage(folder: string): string {
  return existsSync(join(folder, 'package.json')) || folder === dirname(folder) ? folder : folderOfPackage(dirname(folder));
}

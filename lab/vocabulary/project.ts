/** Where the files of this project are, whether this process runs from the sources or from what the build (lab/build/) has made of them. */
import { fileURLToPath } from 'node:url';

/** Constants of a built file: the folder of the project, and the folder of the build. */
declare const BUILT_FROM: string | undefined;
declare const BUILT_TO: string | undefined;

/** The folder of this project. */
export const projectRoot = typeof BUILT_FROM === 'undefined' ? fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '') : BUILT_FROM;

/** The folder of the build that this process runs from; null for a process that runs from the sources. */
export const ownBuild: string | null = typeof BUILT_TO === 'undefined' ? null : BUILT_TO;

/** The file of a program: of the sources, or of a build. `path` is the source's path in the project. */
export function programFile(path: string, { root = projectRoot, build = ownBuild }: { root?: string; build?: string | null } = {}): string {
  return build === null ? `${root}/${path}` : `${build}/${path.replace(/\.ts$/, '.cjs')}`;
}

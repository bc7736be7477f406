/** The scripts and the styles of pages, which the build has made of lab/picture/page/. */
import { readFileSync } from 'node:fs';
import { buildOf } from '../build/build.ts';
import type { PageParts } from '../picture/html.ts';
import { LabError } from '../vocabulary/errors.ts';
import { ownBuild, programFile, projectRoot } from '../vocabulary/project.ts';

/** The script and the style of a page. @throws {LabError} MISSING_TOOL where there is no build. */
export function pageParts(page: 'timeline' | 'matrix'): PageParts {
  const build = ownBuild ?? buildOf(projectRoot);
  if (build === null) throw new LabError('MISSING_TOOL', 'The scripts of the pages are not built: esbuild is not installed, or node_modules cannot be written. To install it: make install');
  const [script, style] = page === 'timeline' ? ['main', 'style'] : ['matrix', 'matrix'];
  const read = (path: string): string => readFileSync(path, 'utf8');
  return { script: read(programFile(`lab/picture/page/${script}.ts`, { build }).replace(/\.cjs$/, '.js')), style: read(`${build}/lab/picture/page/${style}.css`) };
}

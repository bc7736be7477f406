/** The scripts and the styles of pages, which the build has made. */
import { readFileSync } from 'node:fs';
import { buildOf, buildWorkshopPage } from '../build/build.ts';
import type { PageParts } from '../picture/html.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { ownBuild, projectRoot } from '../vocabulary/project.ts';

/** The script and the style of a page. @throws {LabError} MISSING_TOOL where there is no build. */
export function pageParts(page: 'timeline' | 'matrix' | 'workshop'): PageParts {
  const build = ownBuild ?? buildOf(projectRoot);
  const missing = (why: string, cause?: unknown): LabError => new LabError('MISSING_TOOL', `The scripts of the pages are not built: ${why}. To install what they need: make install`, { cause });
  if (build === null) throw missing('esbuild is not installed, or node_modules cannot be written');
  try {
    if (page === 'workshop') buildWorkshopPage(projectRoot, build);
  } catch (error) {
    throw missing(messageOf(error), error);
  }
  const [script, style] = { timeline: ['picture/page/main', 'picture/page/style'], matrix: ['picture/page/matrix', 'picture/page/matrix'], workshop: ['workshop/page/main', 'workshop/page/style'] }[page] as [string, string];
  return { script: readFileSync(`${build}/lab/${script}.js`, 'utf8'), style: readFileSync(`${build}/lab/${style}.css`, 'utf8') };
}

/** Makes timeline.html, the page of a run, from what the run has left. */
import { readFileSync } from 'node:fs';
import { buildOf, buildWorkshopPage } from '../build/build.ts';
import { htmlText, runBody } from '../picture/body.ts';
import { pageHtml, type PageParts } from '../picture/html.ts';
import type { PageRun } from '../picture/page-data.ts';
import type { FinishedRun } from '../run/journal.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { ownBuild, projectRoot } from '../vocabulary/project.ts';
import { findingLines } from './summary.ts';

/** What a picture needs of a run: one that has just ended, or one that was read from its folder. */
export type RunToShow = Pick<FinishedRun, 'journal' | 'events' | 'topology'> & { hasCapture: boolean };

/** Returns the page. @throws {LabError} MISSING_TOOL where the script of the page could not be built. */
export function timelinePage(run: RunToShow): string {
  const shown = shownRun(run);
  const { journal, events, topology } = run;
  const name = runName(run);
  return pageHtml({ title: htmlText(name), data: { runs: [{ name, events, findings: journal.findings, topology }], shiftsMs: [0] }, parts: pageParts(), body: (note) => runBody(shown, note) });
}

/** What a picture calls a run. */
export function runName({ journal }: Pick<RunToShow, 'journal'>): string {
  return `${journal.scenario} · ${journal.client}`;
}

export function shownRun({ journal, events, topology, hasCapture }: RunToShow): PageRun {
  return { journal, about: journal.about, command: journal.command, findingLines: journal.findings.requests.sent > 0 ? findingLines(journal) : [], events, topology, hasCapture };
}

/** The script and the style of a page, which the build has made; of the page of a run if no other one is named. @throws {LabError} MISSING_TOOL where there is no build. */
export function pageParts(page: 'picture' | 'workshop' = 'picture'): PageParts {
  const build = ownBuild ?? buildOf(projectRoot);
  const missing = (why: string, cause?: unknown): LabError => new LabError('MISSING_TOOL', `The script of the page is not built: ${why}. To install what it needs: make install`, { cause });
  if (build === null) throw missing('esbuild is not installed, or node_modules cannot be written');
  try {
    if (page === 'workshop') buildWorkshopPage(projectRoot, build);
  } catch (error) {
    throw missing(messageOf(error), error);
  }
  return { script: readFileSync(`${build}/lab/${page}/page/main.js`, 'utf8'), style: readFileSync(`${build}/lab/${page}/page/style.css`, 'utf8') };
}

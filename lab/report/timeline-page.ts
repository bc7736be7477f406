/** Makes timeline.html, the page of a run, from what the run has left. */
import { htmlText, runBody } from '../picture/body.ts';
import { hostsOfLab } from '../picture/hosts-of.ts';
import { pageHtml } from '../picture/html.ts';
import type { PicturedRun } from '../picture/model.ts';
import type { PageRun } from '../picture/page-data.ts';
import type { FinishedRun } from '../run/journal.ts';
import { pageParts } from './page-parts.ts';
import { findingLines } from './summary.ts';

/** What a picture needs of a run: one that has just ended, or one that was read from its folder. */
export type RunToShow = Pick<FinishedRun, 'journal' | 'events' | 'topology'> & { hasCapture: boolean };

/** Returns the page. @throws {LabError} MISSING_TOOL where the script of the page could not be built. */
export function timelinePage(run: RunToShow): string {
  const shown = shownRun(run);
  const pictured = picturedRun(run);
  return pageHtml({ title: htmlText(pictured.name), data: { runs: [pictured], shiftsMs: [0] }, parts: pageParts('timeline'), body: (note) => runBody(shown, note) });
}

/** What the pictures of a run are made from. */
export function picturedRun(run: RunToShow): PicturedRun {
  return { name: runName(run), events: run.events, findings: run.journal.findings, hosts: hostsOfLab(run.topology), startMs: 0 };
}

/** What a picture calls a run. */
export function runName({ journal }: Pick<RunToShow, 'journal'>): string {
  return `${journal.scenario} · ${journal.client}`;
}

export function shownRun({ journal, events, topology, hasCapture }: RunToShow): PageRun {
  return { journal, about: journal.about, command: journal.command, plot: journal.plot, findingLines: journal.findings.requests.sent > 0 ? findingLines(journal) : [], events, topology, hasCapture };
}

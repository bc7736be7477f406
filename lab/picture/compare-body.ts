/** The text of compare.html: what differs, and the story of each run. */
import type { Plot } from '../analysis/plot.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import type { Topology } from '../vocabulary/topology.ts';
import { htmlText, section, stage, storyItems } from './body.ts';
import type { About } from './page-data.ts';
import { plotHtml } from './plots/plot.ts';

/** A run, or a capture, as the page tells it. */
export interface ComparedRun {
  name: string;
  /** The address of its own page. A capture has none. */
  href: string | null;
  /** Null for a capture. */
  about: About | null;
  /** The picture that its scenario has of its own. */
  plot: Plot | null;
  /** The command that repeats the run; null for a capture, and where it is not known. */
  command: string | null;
  events: readonly TimelineEvent[];
  topology: Topology;
  /** Whether every event belongs to its story, and not only what a client's trace tells. */
  isVerbose: boolean;
}

export interface ComparedPage {
  runs: readonly ComparedRun[];
  warnings: readonly string[];
  different: readonly { name: string; values: readonly (string | null)[] }[];
  same: readonly { name: string; values: readonly (string | null)[] }[];
  /** What is at 0 of the axis. */
  alignment: string;
}

export function compareBody({ runs, warnings, different, same, alignment }: ComparedPage, note: string | null): string {
  const head = `<thead><tr><th scope="col">finding</th>${runs.map(({ name, href }) => `<th scope="col">${href === null ? htmlText(name) : `<a href="${htmlText(href)}">${htmlText(name)}</a>`}</th>`).join('')}</tr></thead>`;
  const table = (name: string, rows: ComparedPage['same']): string => `<div class="scroll" tabindex="0" role="region" aria-label="${name}"><table>${head}<tbody>${rows.map(({ name: finding, values }) => `<tr><th scope="row">${htmlText(finding)}</th>${values.map((value) => `<td>${value === null ? '–' : htmlText(value)}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`;
  const about = runs.find((run) => run.about !== null && run.about.title !== '')?.about;
  return [
    `<header><h1>${runs.map(({ name }) => htmlText(name)).join(' <span class="meta">beside</span> ')}</h1>`,
    about ? `<p class="question">${htmlText(about.title)}</p>` : '',
    `<p class="meta">0 ms on the axis is the first ${htmlText(alignment)} of each run.</p></header><main>`,
    ...warnings.map((warning) => `<p class="warning">${htmlText(warning)}</p>`),
    section('What differs', different.length === 0 ? '<p>All findings are the same.</p>' : table('Findings that differ', different)),
    plots(runs),
    stage(note),
    same.length === 0 ? '' : section('What is the same', table('Findings that are the same', same)),
    about && about.explains !== '' ? section('Why', `<p>${htmlText(about.explains)}</p>`) : '',
    ...runs.map((run) => section(`${htmlText(run.name)}, in order of time`, `${run.command === null ? '' : `<pre><code>${htmlText(run.command)}</code></pre>`}<ol class="story">${storyItems(run, run.isVerbose)}</ol>`)),
    '</main>',
  ].join('\n');
}

/** Side by side, where there is room. */
function plots(runs: readonly ComparedRun[]): string {
  const shown = runs.flatMap(({ name, plot }) => (plot ? [section(htmlText(name), plotHtml(plot))] : []));
  return shown.length === 0 ? '' : `<div class="beside">${shown.join('')}</div>`;
}

/** The text of compare.html: what differs, and the story of each run. */
import { htmlText, section, stage, storyItems } from './body.ts';
import type { PageRun } from './page-data.ts';

export interface ComparedPage {
  /** The name of each run, and the address of its own page. */
  runs: { name: string; href: string; run: PageRun }[];
  warnings: readonly string[];
  different: readonly { name: string; values: readonly (string | null)[] }[];
  same: readonly { name: string; values: readonly (string | null)[] }[];
  /** What is at 0 of the axis. */
  alignment: string;
}

export function compareBody({ runs, warnings, different, same, alignment }: ComparedPage, note: string | null): string {
  const head = `<thead><tr><th scope="col">finding</th>${runs.map(({ name, href }) => `<th scope="col"><a href="${htmlText(href)}">${htmlText(name)}</a></th>`).join('')}</tr></thead>`;
  const table = (name: string, rows: ComparedPage['same']): string => `<div class="scroll" tabindex="0" role="region" aria-label="${name}"><table>${head}<tbody>${rows.map(({ name: finding, values }) => `<tr><th scope="row">${htmlText(finding)}</th>${values.map((value) => `<td>${value === null ? '–' : htmlText(value)}</td>`).join('')}</tr>`).join('')}</tbody></table></div>`;
  const [first] = runs;
  return [
    `<header><h1>${runs.map(({ name }) => htmlText(name)).join(' <span class="meta">beside</span> ')}</h1>`,
    first?.run.about && first.run.about.title !== '' ? `<p class="question">${htmlText(first.run.about.title)}</p>` : '',
    `<p class="meta">0 ms on the axis is the first ${htmlText(alignment)} of each run.</p></header><main>`,
    ...warnings.map((warning) => `<p class="warning">${htmlText(warning)}</p>`),
    section('What differs', different.length === 0 ? '<p>All findings are the same.</p>' : table('Findings that differ', different)),
    stage(note),
    same.length === 0 ? '' : section('What is the same', table('Findings that are the same', same)),
    first?.run.about && first.run.about.explains !== '' ? section('Why', `<p>${htmlText(first.run.about.explains)}</p>`) : '',
    ...runs.map(({ name, run }) => section(`${htmlText(name)}, in order of time`, `${run.command === null ? '' : `<pre><code>${htmlText(run.command)}</code></pre>`}<ol class="story">${storyItems(run)}</ol>`)),
    '</main>',
  ].join('\n');
}

/** The page of the site that has every scenario: question, prediction, explanation, and the timeline of a run if there is one. */
import { htmlText, sourceHtml } from '../../picture/body.ts';
import type { About } from '../../picture/page-data.ts';
import { labCommand } from '../../vocabulary/project.ts';
import type { KeptRun } from './kept-runs.ts';
import { sitePage } from './layout.ts';

/** Scenarios under one heading, each by its name. */
export interface ScenarioList {
  title: string;
  scenarios: Readonly<Record<string, About>>;
}

/** `runs` has the newest run of a scenario, by its name, and `hrefOf` the address of its page. */
export function scenariosPage(lists: readonly ScenarioList[], runs: ReadonlyMap<string, KeptRun>, hrefOf: (run: KeptRun) => string, hasLessons: boolean): string {
  const body = [
    '<h1>Scenarios</h1><p class="question">Each scenario is one question about a client. Predict before you open its “why”.</p>',
    ...lists.map(({ title, scenarios }) => `<h2>${htmlText(title)}</h2><ul>${Object.entries(scenarios).map(([name, about]) => `<li><a href="#${htmlText(name)}">${htmlText(name)}</a>: ${htmlText(about.title)}</li>`).join('')}</ul>`),
    ...lists.flatMap(({ scenarios }) => Object.entries(scenarios)).map(([name, about]) => article(name, about, runs.get(name), hrefOf)),
  ];
  return sitePage({ title: 'Scenarios', depth: 0, hasLessons, body: body.join('\n') });
}

function article(name: string, { title, teaches, predict, explains, sources }: About, run: KeptRun | undefined, hrefOf: (run: KeptRun) => string): string {
  return [
    `<article id="${htmlText(name)}"><h2>${htmlText(name)}</h2><p class="question">${htmlText(title)}</p>`,
    // A failure of the matrix has one text for both.
    teaches === explains ? '' : `<p>${htmlText(teaches)}</p>`,
    `<p class="predict"><b>Predict:</b> ${htmlText(predict)}</p>`,
    `<details><summary>Why</summary><p>${htmlText(explains)}</p><p>Sources:</p><ul>${sources.map((source) => `<li>${sourceHtml(source)}</li>`).join('')}</ul></details>`,
    run === undefined ? '' : `<p><a href="${htmlText(hrefOf(run))}">Timeline of a run of ${htmlText(name)}</a>: ${htmlText(run.client)}, seed ${run.seed}, ${run.verdict}, ${htmlText(run.startedAt.slice(0, 10))}</p>`,
    `<pre><code>${htmlText(`${labCommand} run ${name}`)}</code></pre></article>`,
  ].join('');
}

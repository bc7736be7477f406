/** The matrix as a page, matrix.html: a heatmap that can be read without its script, which sorts and filters. */
import { kindOf, outcomeKinds, type Cell, type CellOutcome } from '../../analysis/cells.ts';
import { htmlText, section } from '../../picture/body.ts';
import { heatStepOf, heatStepsMs, heatStyle } from '../../picture/draw/heat.ts';
import { documentHtml, inBothThemes } from '../../picture/html.ts';
import { pageParts } from '../page-parts.ts';
import { runsText, wordsOf } from './cell-text.ts';
import { cellAt, familyOf, measuredClients, type Matrix } from './matrix.ts';
import { clientsText, summariesOf } from './summary.ts';

/** Where the links of the page go. */
export interface MatrixLinks {
  /** The page of a run, by its folder as matrix.json has it. Null if it is not there. */
  timeline(directory: string): string | null;
  /** The page that explains a failure. Null if there is none. */
  failure(name: string): string | null;
  /** Further HTML at the top of the page, such as the way back. */
  top: string;
}

/** Returns the page. @throws {LabError} MISSING_TOOL where its script could not be built. */
export function matrixPage(matrix: Matrix, links: MatrixLinks): string {
  const parts = pageParts('matrix');
  return documentHtml({ title: 'The matrix', style: `${inBothThemes(heatStyle)}${parts.style}`, script: parts.script, body: body(matrix, links) });
}

function body(matrix: Matrix, links: MatrixLinks): string {
  const { startedAt, command, machine, repeat, patienceMs, clients, groups } = matrix;
  const facts = [...Object.entries(machine), ['runs for each cell', runsText(repeat)], ['the lab waited', `${patienceMs / 1_000} s for each answer`]];
  const missing = clients.filter(({ version }) => version === null);
  return [
    `${links.top}<header><h1>The matrix</h1><p class="question">What does each client do when DNS, the network or a server fails?</p>`,
    `<p class="meta">Measured on ${htmlText(startedAt.slice(0, 10))} by <code>${htmlText(command)}</code></p>`,
    `<div class="beside"><dl class="facts">${facts.map(([name = '', value = '']) => `<dt>${htmlText(name)}</dt><dd>${htmlText(value)}</dd>`).join('')}</dl>${key(patienceMs)}</div></header><main>`,
    '<p>Every client runs with the defaults of its library, unless options stand behind its name: nothing else was configured. Each cell opens the timeline of one of its runs.</p>',
    '<div id="controls"></div>',
    heatmap(matrix, links),
    section('In short', `<p>Clients that did the same stand together, with the least and the greatest of their times.</p><div class="answers">${summariesOf(matrix).map(({ failure, answers }) => `<div><h3>${htmlText(failure.question)}</h3><ul>${answers.map((answer) => `<li><b>${htmlText(answer.what)}</b>: ${clientsText(answer, (name) => `<code>${htmlText(name)}</code>`, htmlText)}</li>`).join('')}</ul></div>`).join('')}</div>`),
    section('What the times measure', `<dl class="facts">${groups.flatMap(({ failures }) => failures.map(({ name, title, measures }) => `<dt>${linked(links.failure(name), htmlText(title))}</dt><dd>${htmlText(measures)}</dd>`)).join('')}</dl><p>A request that is <i>reused</i> was sent on the kept connection, and one that is <i>dialled</i> on a new one.</p>`),
    missing.length === 0 ? '' : section('Clients that were not found', `<dl class="facts">${missing.map(({ name, reason }) => `<dt>${htmlText(name)}</dt><dd>${htmlText(reason ?? '')}</dd>`).join('')}</dl>`),
    '</main>',
  ].join('\n');
}

const linked = (href: string | null, content: string): string => (href === null ? content : `<a href="${htmlText(href)}">${content}</a>`);

/** What the colours mean. Each swatch has its time as text. */
function key(patienceMs: number): string {
  const steps = (outcome: string): string => `<ul>${heatStepsMs.map((endMs, step) => `<li class="${outcome}-${step}">${endMs === Infinity ? 'more' : endMs < 1_000 ? `${endMs} ms` : `${endMs / 1_000} s`}</li>`).join('')}</ul>`;
  return `<dl class="key"><dt>answered, up to</dt><dd>${steps('answered')}</dd><dt>an error, up to</dt><dd>${steps('error')}</dd><dt>no answer</dt><dd><ul><li class="no-answer">neither answer nor error within ${patienceMs / 1_000} s</li></ul></dd></dl>`;
}

function heatmap(matrix: Matrix, links: MatrixLinks): string {
  const { groups } = matrix;
  const columns = groups.flatMap(({ failures }) => failures.map((failure, index) => ({ ...failure, isFirst: index === 0 })));
  const rows = measuredClients(matrix).map(({ name, version }) => {
    const cells = columns.map((failure) => cellHtml(cellAt(matrix, name, failure.name), failure.isFirst, links));
    return `<tr data-family="${htmlText(familyOf(name))}"><th scope="row"><b>${htmlText(name)}</b> <small>${htmlText(version ?? '')}</small></th>${cells.join('')}</tr>`;
  });
  return [
    '<div class="scroll heat" tabindex="0" role="region" aria-label="The matrix"><table>',
    `<thead><tr><td></td>${groups.map(({ title, failures }) => `<th scope="colgroup" colspan="${failures.length}" class="first">${htmlText(title)}</th>`).join('')}</tr>`,
    `<tr><th scope="col">client</th>${columns.map(({ title, isFirst }) => `<th scope="col"${isFirst ? ' class="first"' : ''}>${htmlText(title)}</th>`).join('')}</tr></thead>`,
    `<tbody>${rows.join('\n')}</tbody></table></div>`,
  ].join('\n');
}

/** A cell, with what the script sorts by: the place of its outcome, and its time. A client that cannot meet the failure made no run, so there is no folder to link to. A client that did not do the same in each run has a part for each outcome. */
function cellHtml(cell: Cell | undefined, isFirst: boolean, links: MatrixLinks): string {
  const [main] = cell?.outcomes ?? [];
  const place = main ? outcomeKinds.indexOf(kindOf(main.outcome)) : cell ? outcomeKinds.length : outcomeKinds.length + 1;
  const parts = (cell?.outcomes ?? []).map((outcome) => part(classOf(outcome), outcome.directory === '' ? null : links.timeline(outcome.directory), cell && cell.outcomes.length > 1 ? outcome.count : null, outcomeHtml(outcome)));
  const nothing = cell?.readings.find(({ outcome }) => outcome === null);
  if (cell && cell.unknown > 0) parts.push(part('unknown', nothing ? links.timeline(nothing.directory) : null, cell.unknown, '<b>?</b> <small>the failure was not seen</small>'));
  if (cell?.missing) parts.push(part('unknown', null, cell.missing, '<b>–</b> <small>not made</small>'));
  const classes = [...(isFirst ? ['first'] : []), ...(main ? [classOf(main)] : [])].join(' ');
  return `<td${classes === '' ? '' : ` class="${classes}"`} data-place="${place}"${main && main.medianMs !== null ? ` data-ms="${main.medianMs}"` : ''}>${parts.join('') || '–'}</td>`;
}

/** One outcome of a cell. `count`: of so many runs, if that is not all of them. */
function part(className: string, href: string | null, count: number | null, content: string): string {
  const inner = `${count === null ? '' : `<i>${count}×</i> `}${content}`;
  return href === null ? `<span class="${className}">${inner}</span>` : `<a class="${className}" href="${htmlText(href)}">${inner}</a>`;
}

function classOf({ outcome, medianMs }: CellOutcome): string {
  const kind = kindOf(outcome);
  if (kind === 'cannot') return 'cannot';
  return kind === 'no answer' ? 'no-answer' : `${kind}-${medianMs === null ? 0 : heatStepOf(medianMs)}`;
}

/** The time stands first, and then whatever else there is to say. Colours say the outcome to the eye, and hidden words say it to the ear. */
function outcomeHtml(outcome: CellOutcome): string {
  const { kind, error, time, spread, remarks } = wordsOf(outcome);
  if (kind === 'cannot') return `<small>${error ?? kind}</small>`;
  const words = [...(error === null ? [] : [error]), ...remarks];
  const head = time === null ? `<b>${kind === 'no answer' ? outcome.outcome : kind}</b>` : `<span class="spoken">${kind}, </span><b>${time}</b>${spread === null ? '' : ` <i>${spread}</i>`}`;
  return `${head}${words.length === 0 ? '' : ` <small>${words.map((word) => breakable(htmlText(word))).join(', ')}</small>`}`;
}

/** Lets a long name of an error break at its parts, UND_ERR_CONNECT_TIMEOUT or ClosedChannelException, and keeps a short remark together. */
function breakable(html: string): string {
  return html.length <= 10 ? html.replaceAll(' ', '\u00a0') : html.replace(/_(?=[A-Z])/g, '_<wbr>').replace(/([a-z])(?=[A-Z][a-z])/g, '$1<wbr>');
}

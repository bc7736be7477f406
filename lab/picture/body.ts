/** The text of the page of a run: question, prediction, checks, findings, explanation, and the events in order of time. All of it can be read without a script. */
import { plainText } from '../vocabulary/telling.ts';
import { startStory } from '../vocabulary/story.ts';
import { printable } from '../vocabulary/printable.ts';
import { duration } from './model.ts';
import type { PageRun } from './page-data.ts';
import { plotHtml } from './plots/plot.ts';

/** A story of more lines is cut: a page with more is no help to anybody. */
const mostLines = 600;

/** Text for HTML, of any length, in which control characters are written out. */
export function htmlText(text: string): string {
  return printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** The body of the page. `note` is what the data of the picture lacks. */
export function runBody(run: PageRun, note: string | null): string {
  const { journal, about } = run;
  return [
    `<header><h1>${htmlText(journal.scenario)}</h1>`,
    about ? `<p class="question">${htmlText(about.title)}</p>` : '',
    `<p class="meta">${htmlText(journal.client)} · ${htmlText(journal.driver)} · seed ${journal.seed} · <strong class="verdict ${journal.verdict}">${journal.verdict}</strong>${journal.status === 'completed' ? '' : ` (${htmlText(journal.status)})`}</p></header>`,
    '<main>',
    about ? `<p class="predict"><b>Predict:</b> ${htmlText(about.predict)}</p>` : '',
    numbers(run),
    run.plot ? plotHtml(run.plot) : '',
    stage(note),
    '<div class="beside">',
    section('Checks', `<ul class="checks">${[...journal.checks.map(({ text, verdict, observed }) => `<li class="${verdict}"><b>${verdict}</b> ${htmlText(text)} <span>${htmlText(observed)}</span></li>`), ...journal.doubts.map((doubt) => `<li class="unknown"><b>doubt</b> ${htmlText(doubt)}</li>`), ...(journal.error === null ? [] : [`<li class="fail"><b>error</b> ${htmlText(journal.error)}</li>`])].join('') || '<li>This run has no check.</li>'}</ul>`),
    section('Findings', listHtml(run.findingLines)),
    about ? section('Why', `<p>${htmlText(about.explains)}</p>${about.sources.length > 0 ? `<h3>Sources</h3><ul>${about.sources.map((source) => `<li>${sourceHtml(source)}</li>`).join('')}</ul>` : ''}`) : '',
    section('This run', aboutRun(run)),
    '</div>',
    section('In order of time', `<ol class="story">${storyItems(run)}</ol>`),
    '</main>',
  ].join('\n');
}

/** Where the script draws. */
export function stage(note: string | null): string {
  return `<section id="stage" aria-label="Timeline"><noscript><p>The picture needs JavaScript. All that it shows is also in the list below.</p></noscript>${note === null ? '' : `<p class="note">${htmlText(note)}</p>`}</section>`;
}

export function section(title: string, content: string): string {
  return `<section><h2>${title}</h2>${content}</section>`;
}

/** The few numbers that a reader looks for first. */
function numbers({ journal: { findings } }: PageRun): string {
  const { requests, fallbackDelayMs, nextAddressDelayMs, recoveryMs, returnMs, connections, retransmissions } = findings;
  const again = (retransmissions?.syn ?? 0) + (retransmissions?.data ?? 0);
  const cards: [string, string][] = [
    ...(fallbackDelayMs === null ? [] : [[duration(fallbackDelayMs), 'until the other family']] as [string, string][]),
    ...(nextAddressDelayMs === null ? [] : [[duration(nextAddressDelayMs), 'until the next address']] as [string, string][]),
    ...(recoveryMs === null ? [] : [[duration(recoveryMs), 'until it recovered']] as [string, string][]),
    ...(returnMs === null ? [] : [[duration(returnMs), 'from the heal to the return']] as [string, string][]),
    [`${requests.ok} of ${requests.sent}`, 'requests answered'],
    [String(connections.opened), connections.opened === 1 ? 'connection opened' : 'connections opened'],
    ...(again === 0 ? [] : [[String(again), again === 1 ? 'segment sent again' : 'segments sent again']] as [string, string][]),
  ];
  return cardsHtml(cards);
}

/** Numbers, each one with its name. */
export function cardsHtml(cards: readonly (readonly [string, string])[]): string {
  return `<ul class="numbers">${cards.map(([value, name]) => `<li><b>${value}</b> ${name}</li>`).join('')}</ul>`;
}

/** Labels and texts from outside. */
export function listHtml(facts: readonly (readonly [string, string])[]): string {
  return `<dl>${facts.map(([name, value]) => `<dt>${htmlText(name)}</dt><dd>${htmlText(value)}</dd>`).join('')}</dl>`;
}

function aboutRun({ journal, command, hasCapture }: PageRun): string {
  const { platform, startedAt, durationMs } = journal;
  const facts: [string, string][] = [
    ['client', [journal.client, platform.clientVersion ?? ''].join(' ').trim()],
    ['kernel', platform.kernel],
    ['Node of the lab', platform.node],
    ...(platform.engine === null ? [] : [['container engine', platform.engine]] as [string, string][]),
    ['when', `${startedAt}, for ${duration(durationMs)}`],
  ];
  return [
    command === null ? '' : `<p>To repeat it:</p><pre><code>${htmlText(command)}</code></pre>`,
    listHtml(facts),
    `<p>Files: ${hasCapture ? '<a href="wire.pcapng">wire.pcapng</a> (for Wireshark), ' : ''}<a href="events.ndjson">events.ndjson</a>, <a href="journal.json">journal.json</a></p>`,
  ].join('');
}

/** A source that has the address of a page becomes a link. Nothing is loaded before a reader follows it. */
export function sourceHtml(source: string): string {
  const rfc = /^RFC (\d+)/.exec(source)?.[1];
  const url = /https:\/\/[^\s)]+/.exec(source)?.[0] ?? (rfc === undefined ? undefined : `https://www.rfc-editor.org/rfc/rfc${rfc}`);
  return url === undefined ? htmlText(source) : `<a rel="noreferrer" href="${htmlText(url)}">${htmlText(source)}</a>`;
}

/** The events of the story as list items. It is the same story as on the terminal. With `verbose`, every event belongs to it. */
export function storyItems({ events, topology }: Pick<PageRun, 'events' | 'topology'>, verbose = false): string {
  const story = startStory(topology, verbose);
  const lines = [...events.flatMap((event) => story.tell(event, false)), ...story.end()];
  const items = lines.slice(0, mostLines).map((line) => {
    if (line.kind === 'pause') return `<li class="pause">${duration(line.ms)} without an event</li>`;
    if (line.kind === 'left-out') return `<li class="pause">${line.requests} more ${line.requests === 1 ? 'request' : 'requests'} like the ones before</li>`;
    return `<li><span class="at">${line.event.tMs.toFixed(1)} ms</span> <b>${htmlText(line.event.host)}</b> ${htmlText(plainText(line.phrase))}</li>`;
  });
  if (lines.length > mostLines) items.push(`<li class="pause">${lines.length - mostLines} more lines</li>`);
  return items.join('');
}

/** The text of the page of a capture from elsewhere. What such a file cannot tell has no place in it: there is no question, no check, no verdict. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { cardsHtml, htmlText, listHtml, section, stage, storyItems } from './body.ts';

type Facts = readonly (readonly [string, string])[];

export interface CapturedPage {
  /** The name of the file, and what it is. */
  file: string;
  about: string;
  client: string;
  /** What a reader looks for first: a number, and what it says. */
  cards: Facts;
  /** What the file is, and what it cannot tell. */
  facts: Facts;
  /** What the client did at each name. */
  names: readonly { name: string; facts: Facts }[];
  events: readonly TimelineEvent[];
  /** The command that makes this page again. */
  command: string;
}

/** Of more names, the terminal tells. */
const mostNames = 50;

/** The body of the page. `note` is what the data of the picture lacks. */
export function captureBody({ file, about, client, cards, facts, names, events, command }: CapturedPage, note: string | null): string {
  return [
    `<header><h1>${htmlText(file)}</h1>`,
    `<p class="meta">client ${htmlText(client)} · ${htmlText(about)}</p></header>`,
    '<main>',
    cardsHtml(cards),
    stage(note),
    '<div class="beside">',
    ...names.slice(0, mostNames).map((each) => section(htmlText(each.name), listHtml(each.facts))),
    names.length > mostNames ? section('More', `<p>${names.length - mostNames} more names: <code>lab read</code> prints them.</p>`) : '',
    section('The capture', `${listHtml(facts)}<p>To make this page again:</p><pre><code>${htmlText(command)}</code></pre>`),
    '</div>',
    section('In order of time', `<ol class="story">${storyItems({ events, topology: createTopology() }, true)}</ol>`),
    '</main>',
  ].join('\n');
}

/** The details of a mark: what it says in full, and every field of each of its events. */
import { events as vocabulary, type TimelineEvent } from '../../vocabulary/events.ts';
import { printable } from '../../vocabulary/printable.ts';
import { element } from './elements.ts';

/** A mark that stands for more events shows these. */
const mostEvents = 12;
const longest = 400;

export function detailsOf(title: string, events: readonly (TimelineEvent | undefined)[]): Node[] {
  const known = events.filter((event) => event !== undefined);
  return [
    element('p', { class: 'what' }, shown(title)),
    ...known.slice(0, mostEvents).map((event) => {
      const { tMs, witness, host, event: name, ...fields } = event;
      const list = element('dl');
      for (const [field, value] of Object.entries({ tMs: `${tMs} ms`, host, witness, ...fields })) list.append(element('dt', {}, field), element('dd', {}, shown(Array.isArray(value) ? value.join(' ') || 'none' : String(value))));
      return element('div', { class: 'event' }, element('h2', {}, name), element('p', {}, vocabulary[name].doc), list);
    }),
    ...(known.length > mostEvents ? [element('p', {}, `${known.length - mostEvents} more events`)] : []),
  ];
}

function shown(text: string): string {
  return printable(text.length > longest ? `${text.slice(0, longest)} … (cut: ${longest} of ${text.length} characters)` : text);
}

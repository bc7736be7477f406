/** The lane of the DNS server: the client's queries, each until its answer. */
import type { TimelineEvent } from '../../vocabulary/events.ts';
import { duration, emptyRow, shortAddress, stacked, type Lane, type Mark, type PicturedHosts, type PicturedRun, type Row } from '../model.ts';
import { nameAt } from '../hosts.ts';
import { faultsOn, flagsOn, shadesOf } from './faults.ts';

const mostRows = 4;

type Query = Extract<TimelineEvent, { event: 'wire:dns-query' | 'dns:query' }>;
type Answer = Extract<TimelineEvent, { event: 'wire:dns-response' | 'dns:answer' }>;

export function dnsLane({ events, hosts }: PicturedRun, endMs: number): Lane {
  const bars = queryMarks(events, hosts, endMs);
  const faults = faultsOn(events, 'dns', endMs);
  const flags = flagsOn(events, 'dns');
  const shades = shadesOf(faults);
  // Each type has rows of its own, so that the answers of both can stand behind their bars.
  const rows: Row[] = [...Map.groupBy(bars, ({ labels }) => labels.at(-1) ?? '')].flatMap(([type, own]) => stacked(own, mostRows).map((row, place) => emptyRow(place === 0 ? type : '', 'middle', { bars: row, shades, textBehind: true })));
  if (rows.length === 0 && shades.length > 0) rows.push(emptyRow('', 'middle', { shades }));
  if (flags.length > 0) rows.unshift(emptyRow('changes', 'low', { ticks: flags, shades }));
  return { name: 'dns', tone: 'dns', rows };
}

/** The packets tell when a query left the client. Without packets, the server's log tells when it came. */
function queryMarks(events: readonly TimelineEvent[], hosts: PicturedHosts, endMs: number): Mark[] {
  const isCaptured = events.some(({ event }) => event === 'wire:dns-query');
  const marks: Mark[] = [];
  const open = new Map<string, { mark: Mark; query: Query }>();
  for (const [index, event] of events.entries()) {
    if (isCaptured ? event.event !== 'wire:dns-query' && event.event !== 'wire:dns-response' : (event.event !== 'dns:query' && event.event !== 'dns:answer') || nameAt(hosts, event.from) !== 'client') continue;
    const item = event as Query | Answer;
    const key = `${item.id} ${item.name.toLowerCase()} ${item.type} ${item.transport}`;
    const begun = open.get(key);
    if (item.event === 'wire:dns-query' || item.event === 'dns:query') {
      // The same question again: the first one had no answer until now.
      if (begun) begun.mark.toMs = item.tMs;
      const mark: Mark = { fromMs: item.tMs, toMs: endMs, tone: 'failed', look: 'dashed', labels: [], title: '', events: [index] };
      Object.assign(mark, wordsOf(item, null, hosts, begun ? 'again' : 'no answer', mark));
      if (begun) Object.assign(begun.mark, wordsOf(begun.query, null, hosts, 'no answer', begun.mark));
      open.set(key, { mark, query: item });
      marks.push(mark);
    } else if (begun) {
      Object.assign(begun.mark, { toMs: item.tMs, tone: item.rcode === 'NOERROR' ? 'query' : 'failed', look: item.rcode === 'NOERROR' ? 'solid' : 'dashed', events: [...begun.mark.events, index] });
      Object.assign(begun.mark, wordsOf(begun.query, item, hosts, '', begun.mark));
      open.delete(key);
    }
  }
  for (const { mark, query } of open.values()) Object.assign(mark, wordsOf(query, null, hosts, 'no answer', mark));
  return marks;
}

function wordsOf(query: Query, answer: Answer | null, hosts: PicturedHosts, without: string, { fromMs, toMs }: Mark): Pick<Mark, 'labels' | 'title'> {
  const { type, transport } = query;
  // A capture may show questions to several DNS servers.
  const to = query.event === 'wire:dns-query' && nameAt(hosts, query.address) !== 'dns' ? ` to ${shortAddress(query.address)}` : '';
  const name = query.name.endsWith('.lab.test') ? query.name.slice(0, -'.lab.test'.length) : query.name;
  const by = `${type}${transport === 'tcp' ? ' over TCP' : ''}${to}`;
  const outcome = answer === null ? without : answer.rcode !== 'NOERROR' ? answer.rcode : answer.truncated ? 'truncated' : answer.services ? answer.services.join(' ') : answer.addresses.length === 0 ? 'none' : answer.addresses.map(shortAddress).join(' ');
  const ms = duration(toMs - fromMs);
  return {
    labels: [`${by} ${name} → ${outcome} ${ms}`, `${by} → ${outcome} ${ms}`, `${by} → ${outcome}`, ...(answer === null ? [`${type} ${ms}`] : []), type],
    title: `Query ${by} ${query.name}: ${answer === null ? 'no answer' : outcome} ${answer === null ? 'for' : 'after'} ${ms}`,
  };
}

/** The summary of a run for the terminal: checks, findings, verdict. */
import { as, type Phrase, type Role } from '../vocabulary/telling.ts';
import type { Verdict } from '../analysis/checks.ts';
import { sharesText } from '../analysis/skew.ts';
import type { Journal } from '../run/journal.ts';
import { http2Text, tlsText } from './https-text.ts';
import { labCommand } from '../vocabulary/project.ts';

const [dim, strong] = [as('dim'), as('strong')];
const roles = { pass: 'good', fail: 'bad', unknown: 'doubtful' } as const satisfies Record<Verdict, Role>;
const marks: Record<Verdict, Phrase> = { pass: as(roles.pass)('✔'), fail: as(roles.fail)('✘'), unknown: as(roles.unknown)('?') };

/** Returns the lines of the summary. `directory` is the folder of the run's files, or null if none were written; `name` is what `lab explain` takes. */
export function summaryLines(journal: Journal, directory: string | null, name = journal.scenario): Phrase[] {
  const { checks, optionsNotApplied, doubts, error, verdict, durationMs, setupMs, status, clock, wire } = journal;
  return [
    [],
    ...checks.map((each): Phrase => ['  ', ...marks[each.verdict], ` ${each.text} `, ...dim(`· ${each.observed}`)]),
    ...(optionsNotApplied.length > 0 ? [['  ', ...dim(`· these options do not apply to ${journal.client}: ${optionsNotApplied.join(', ')}`)]] : []),
    ...doubts.map((doubt): Phrase => ['  ', ...marks.unknown, ` ${doubt}`]),
    ...(error === null ? [] : [['  ', ...marks.fail, ` ${error}`]]),
    ...(journal.findings.requests.sent > 0 ? [[], ...findingLines(journal).map(([label, value]): Phrase => ['  ', ...dim(label.padEnd(18)), ` ${value}`])] : []),
    [],
    [...strong(as(roles[verdict])(verdict.toUpperCase())), `  ${journal.scenario}${status === 'completed' ? '' : ` (${status})`}  `, ...dim(`${durationMs} ms${setupMs === null ? '' : `, of which ${setupMs} ms set-up`}${clock ? `; one clock to ±${clock.precisionMs} ms` : ''}${wire ? `; ${wire.frames} frames, ${wire.dropped === 0 ? 'none' : wire.dropped} lost` : ''}`)],
    ...(directory === null ? [] : [dim(`      ${directory}`)]),
    dim(`      why: ${labCommand} explain ${name}`),
  ];
}

/** The findings that say something about this run: a name, and the value as text. */
export function findingLines(journal: Pick<Journal, 'findings' | 'resolver'>): [string, string][] {
  const { findings } = journal;
  const { requests, perBackend, connections, dnsQueries, attempts, skew } = findings;
  const lines: [string, string | null][] = [
    ['requests', `${requests.sent} sent, ${requests.ok} answered, ${requests.failed} failed`],
    ['statuses', statusesText(findings.statuses)],
    ['on the wire', onWireText(findings)],
    ['per backend', requests.ok > 0 ? sharesText(Object.values(perBackend)) : null],
    ['connections', `${connections.opened} opened, reused ${connections.reused} times`],
    ['DNS queries', `${dnsQueries.A} A, ${dnsQueries.AAAA} AAAA`],
    ['resolver', resolverText(journal)],
    ['attempts', outcomesText(attempts.map(({ outcome }) => outcome))],
    ['re-resolutions', String(findings.reResolutions)],
    ['retransmissions', retransmissionsText(findings.retransmissions)],
    ['TLS', tlsText(findings)],
    ['HTTP/2', http2Text(findings)],
    ['fallback delay', milliseconds(findings.fallbackDelayMs)],
    ['next address after', milliseconds(findings.nextAddressDelayMs)],
    ['resolution delay', milliseconds(findings.resolutionDelayMs)],
    ['recovery', milliseconds(findings.recoveryMs)],
    ['return after heal', milliseconds(findings.returnMs)],
    ['answer order', findings.answerOrder === null || requests.ok < 30 ? null : `the first attempt went to the first address of the answer in ${findings.answerOrder.firstAddress} of ${findings.answerOrder.dials}`],
    ['skew', skew.maxOverFair === null || requests.ok < 30 ? null : `the largest share is ${skew.maxOverFair.toFixed(2)} times the fair share (Jain's index ${skew.jainIndex?.toFixed(2) ?? ''}, chi-squared p ${skew.chi2p?.toPrecision(2) ?? ''})`],
  ];
  return lines.filter((line): line is [string, string] => line[1] !== null);
}

/** What the resolver between client and DNS server did. Null without one. */
function resolverText({ resolver, findings }: Pick<Journal, 'findings' | 'resolver'>): string | null {
  if (resolver === null || findings.resolver === null) return null;
  const { questions, fromCache, forwarded } = findings.resolver;
  return `${resolver.name} ${resolver.version}${resolver.serveStale ? ', told to serve expired records' : ''}: ${questions} questions, ${fromCache} answered from its cache, ${forwarded} asked of the DNS server`;
}

/** Null if every response was a 200. */
function statusesText(statuses: Record<string, number>): string | null {
  const counts = Object.entries(statuses);
  return counts.every(([status]) => status === '200' || status === 'unknown') ? null : counts.map(([status, count]) => `${count} × ${status}`).join(', ');
}

/** Null if no more requests were on the wire than the callers sent. */
function onWireText({ requests, requestsOnWire, repeated }: Journal['findings']): string | null {
  if (requestsOnWire === null || requestsOnWire <= requests.sent) return null;
  const methods = Object.entries(repeated ?? {}).flatMap(([method, count]) => (count > 0 ? [`${count} ${method}`] : []));
  return `${requestsOnWire} requests, ${requestsOnWire - requests.sent} more than the callers sent${methods.length > 0 ? ` (repeated: ${methods.join(', ')})` : ''}`;
}

function outcomesText(outcomes: string[]): string | null {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts.size === 0 ? null : [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}

/** Returns null if nothing was retransmitted. The summary then has no such line. */
function retransmissionsText(counts: Journal['findings']['retransmissions']): string | null {
  const { syn, data } = counts ?? { syn: 0, data: 0 };
  return syn + data === 0 ? null : [syn > 0 ? `${syn} SYNs` : '', data > 0 ? `${data} segments` : ''].filter(Boolean).join(', ');
}

function milliseconds(value: number | null): string | null {
  return value === null ? null : `${value.toFixed(1)} ms`;
}

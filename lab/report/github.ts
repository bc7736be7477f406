/** What GitHub Actions shows of a run: an annotation for each check that did not pass, and a summary with the findings. */
import { normalize } from 'node:path';
import type { Journal } from '../run/journal.ts';
import { wordOf } from './complaints.ts';
import { findingLines } from './summary.ts';

/**
 * Returns the lines that make annotations (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands). `file` is the
 * scenario's file, if it is one of the repository.
 */
export function annotations({ scenario, checks, doubts, error }: Journal, file?: string): string[] {
  const line = (kind: 'error' | 'warning', title: string, message: string): string =>
    `::${kind} ${file === undefined ? '' : `file=${property(normalize(file))},`}title=${property(`${scenario}: ${title}`)}::${data(message)}`;
  return [
    ...checks.filter(({ verdict }) => verdict !== 'pass').map(({ verdict, text, observed }) => line(verdict === 'fail' ? 'error' : 'warning', text, observed)),
    ...doubts.map((doubt) => line('warning', 'a doubt', doubt)),
    ...(error === null ? [] : [line('error', 'could not run', error)]),
  ];
}

/** Returns the summary of some runs, in Markdown. */
export function markdownSummary(journals: readonly Journal[]): string {
  return journals.map((journal) => {
    const { scenario, client, driver, checks, doubts, error } = journal;
    const marks = { pass: '✅', fail: '❌', unknown: '❔' } as const;
    return [
      `### ${marks[journal.verdict]} ${cell(scenario)}: ${wordOf(journal)}`,
      '',
      `${cell(client)} on ${driver}`,
      '',
      ...table(['', 'check', 'observed'], checks.map(({ verdict, text, observed }) => [marks[verdict], text, observed])),
      ...[...doubts, ...(error === null ? [] : [error])].map((problem) => `- ${cell(problem)}`),
      '',
      ...table(['finding', ''], findingLines(journal)),
      '',
    ].join('\n');
  }).join('\n');
}

function table(head: string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;
  return rows.length === 0 ? [] : [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** A client can write anything, and GitHub renders HTML. */
function cell(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#!~]/g, '\\$&').replace(/\s+/g, ' ');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

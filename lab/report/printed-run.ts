/** What `lab run` prints of a run, line by line, as phrases: a terminal paints them, and a picture in README.md has them, too. */
import { join } from 'node:path';
import { as, type Phrase } from '../vocabulary/telling.ts';
import { wrapped } from '../vocabulary/terminal.ts';
import { runStamp } from './run-files.ts';
import { summaryLines } from './summary.ts';
import { startStoryLines } from './terminal-story.ts';
import type { RunToShow } from './timeline-page.ts';

/** What the first lines of a run say. */
export interface RunHead {
  name: string;
  title: string;
  predict: string;
  driver: string;
  client: string;
  clientImage?: string | null;
  seed: string | number;
  backends?: number | undefined;
  resolver: { name: string; serveStale: boolean } | null;
  resolvConf: readonly string[];
}

/** Driver, client, seed, and what else differs from the usual run. */
export function settingLine({ driver, client, clientImage, seed, backends, resolver, resolvConf }: RunHead): Phrase {
  return as('dim')([
    driver,
    `${client}${clientImage == null ? '' : ` from ${clientImage}`}`,
    `seed ${seed}`,
    ...(backends === undefined ? [] : [`${backends} ${backends === 1 ? 'backend' : 'backends'}`]),
    ...(resolver == null ? [] : [`resolver ${resolver.name}${resolver.serveStale ? ', serves expired records' : ''}`]),
    ...(resolvConf.length === 0 ? [] : [`resolv.conf: ${resolvConf.join('; ')}`]),
  ].join(' · '));
}

/** The lines before the story. The prediction comes before it, so that a reader can answer it first. `columns`: of the terminal, if it is not that of this process. */
export function headLines(head: RunHead, columns?: number): Phrase[] {
  return [[...as('strong')(head.name), ` · ${head.title}`], settingLine(head), ...wrapped(`predict: ${head.predict}`, 0, columns).map((line) => as('note')(line)), []];
}

/** All lines of a run, on a terminal with many columns. `results` is the folder of the results. */
export function printedRun({ journal, events, topology }: RunToShow, results: string): Phrase[] {
  const { scenario, about, driver, client, clientImage, seed, resolver, resolvConfGiven, startedAt } = journal;
  const lines = headLines({ name: scenario, title: about.title, predict: about.predict, driver, client, clientImage, seed, resolver, resolvConf: resolvConfGiven }, Infinity);
  const story = startStoryLines({ topology, verbose: false, write: (line) => lines.push(line) });
  for (const event of events) story.tell(event, false);
  story.end();
  return [...lines, ...summaryLines(journal, join(results, scenario, runStamp(startedAt)))];
}

/**
 * Shows the events of a run on a terminal. Each event is a line with its time (ms), a mark in the lane of its witness, and its text.
 *
 *         ms  fault client dns backend
 *        0.0    │      ●    │     │     GET http://web.lab.test:8080/ #1
 *                          … 250 ms …
 */
import type { TimelineEvent, Witness } from '../vocabulary/events.ts';
import { startStory, type StoryLine } from '../vocabulary/story.ts';
import { linesOf } from '../vocabulary/telling.ts';
import { paint, pc } from '../vocabulary/terminal.ts';
import type { Topology } from '../vocabulary/topology.ts';

/** A run without a resolver has no lane for it. */
const allLanes = [
  { witness: 'fault', title: 'fault', paintMark: pc.red },
  { witness: 'client', title: 'client', paintMark: pc.green },
  { witness: 'wire', title: 'wire', paintMark: pc.cyan },
  { witness: 'resolver', title: 'resolver', paintMark: pc.magenta },
  { witness: 'dns', title: 'dns', paintMark: pc.blue },
  { witness: 'backend', title: 'backend', paintMark: pc.yellow },
] as const satisfies readonly { witness: Witness; title: string; paintMark: (text: string) => string }[];

type Lanes = readonly (typeof allLanes)[number][];

const timeWidth = 10;

export interface TerminalStory {
  tell(event: TimelineEvent, isLate: boolean): void;
  end(): void;
}

/** Writes the heading, and then a line for each event that belongs to the story. With `verbose`, every event belongs to it. */
export function startTerminalStory({ topology, verbose, write }: { topology: Topology; verbose: boolean; write: (line: string) => void }): TerminalStory {
  const story = startStory(topology, verbose);
  const lanes = allLanes.filter(({ witness }) => witness !== 'resolver' || topology.resolver !== null);
  write(pc.dim(`${'ms'.padStart(timeWidth)}  ${lanes.map(({ title }) => title).join(' ')}`));
  const show = (lines: StoryLine[]): void => { for (const line of lines.flatMap((each) => textOf(each, lanes))) write(line); };
  return { tell: (event, isLate) => { show(story.tell(event, isLate)); }, end: () => { show(story.end()); } };
}

/** An event that has several lines to say keeps the columns: its further lines have neither a time nor a mark. */
function textOf(line: StoryLine, lanes: Lanes): string[] {
  switch (line.kind) {
    case 'pause':
      return [pc.bold(`${' '.repeat(timeWidth + 2)}${`… ${line.ms >= 10_000 ? `${(line.ms / 1000).toFixed(1)} s` : `${Math.round(line.ms)} ms`} …`.padStart(16)}`)];
    case 'left-out':
      return [pc.dim(`${' '.repeat(timeWidth)}  … ${line.requests} more requests like these (-v shows them) …`)];
    case 'event': {
      const { event: { tMs, witness }, phrase, isLate } = line;
      const [first = [], ...others] = linesOf(phrase);
      return [
        `${tMs.toFixed(1).padStart(timeWidth)}  ${laneMarks(lanes, witness)}  ${paint(first)}${isLate ? pc.dim('  ↑ reported late') : ''}`,
        ...others.map((other) => `${' '.repeat(timeWidth)}  ${laneMarks(lanes)}  ${paint(other)}`),
      ];
    }
  }
}

/** Returns the lanes of one line, `  │      ●    │     │   `, with a mark in the lane of the event's witness. */
function laneMarks(lanes: Lanes, marked?: Witness): string {
  return lanes
    .map(({ witness, title, paintMark }) => {
      const before = Math.floor((title.length - 1) / 2);
      const mark = witness === marked ? paintMark('●') : pc.dim('│');
      return `${' '.repeat(before)}${mark}${' '.repeat(title.length - 1 - before)}`;
    })
    .join(' ');
}

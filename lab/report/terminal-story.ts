/**
 * Shows the events of a run on a terminal. Each event is a line with its time (ms), a mark in the lane of its witness, and its text.
 *
 *         ms  fault client dns backend
 *        0.0    │      ●    │     │     GET http://web.lab.test:8080/ #1
 *                          … 250 ms …
 */
import type { TimelineEvent, Witness } from '../vocabulary/events.ts';
import { startStory, type StoryLine } from '../vocabulary/story.ts';
import { as, linesOf, type Phrase } from '../vocabulary/telling.ts';
import { paint } from '../vocabulary/terminal.ts';
import type { Topology } from '../vocabulary/topology.ts';

/** A run without a resolver has no lane for it. */
const allLanes = ['fault', 'client', 'wire', 'resolver', 'dns', 'backend'] as const satisfies readonly Witness[];
type Lanes = readonly (typeof allLanes)[number][];

const timeWidth = 10;
const [dim, strong] = [as('dim'), as('strong')];

export interface TerminalStory {
  tell(event: TimelineEvent, isLate: boolean): void;
  end(): void;
}

/** Writes the heading, and then a line for each event that belongs to the story. With `verbose`, every event belongs to it. */
export function startTerminalStory({ write, ...options }: { topology: Topology; verbose: boolean; write: (line: string) => void }): TerminalStory {
  return startStoryLines({ ...options, write: (line) => { write(paint(line)); } });
}

/** The same with the lines as phrases: their roles have no colours yet. */
export function startStoryLines({ topology, verbose, write }: { topology: Topology; verbose: boolean; write: (line: Phrase) => void }): TerminalStory {
  const story = startStory(topology, verbose);
  const lanes = allLanes.filter((lane) => lane !== 'resolver' || topology.resolver !== null);
  write(dim(`${'ms'.padStart(timeWidth)}  ${lanes.join(' ')}`));
  const show = (lines: StoryLine[]): void => { for (const line of lines.flatMap((each) => rowsOf(each, lanes))) write(line); };
  return { tell: (event, isLate) => { show(story.tell(event, isLate)); }, end: () => { show(story.end()); } };
}

/** An event that has several lines to say keeps the columns: its further lines have neither a time nor a mark. */
function rowsOf(line: StoryLine, lanes: Lanes): Phrase[] {
  switch (line.kind) {
    case 'pause':
      return [strong(`${' '.repeat(timeWidth + 2)}${`… ${line.ms >= 10_000 ? `${(line.ms / 1000).toFixed(1)} s` : `${Math.round(line.ms)} ms`} …`.padStart(16)}`)];
    case 'left-out':
      return [dim(`${' '.repeat(timeWidth)}  … ${line.requests} more requests like these (-v shows them) …`)];
    case 'event': {
      const { event: { tMs, witness }, phrase, isLate } = line;
      const [first = [], ...others] = linesOf(phrase);
      return [
        [`${tMs.toFixed(1).padStart(timeWidth)}  `, ...laneMarks(lanes, witness), '  ', ...first, ...(isLate ? dim('  ↑ reported late') : [])],
        ...others.map((other): Phrase => [`${' '.repeat(timeWidth)}  `, ...laneMarks(lanes), '  ', ...other]),
      ];
    }
  }
}

/** Returns the lanes of one line, `  │      ●    │     │   `, with a mark in the lane of the event's witness. */
function laneMarks(lanes: Lanes, marked?: Witness): Phrase {
  return lanes.flatMap((lane, index): Phrase => {
    const before = Math.floor((lane.length - 1) / 2);
    return [' '.repeat(before + (index > 0 ? 1 : 0)), ...(lane === marked ? as(`mark-${lane}`)('●') : dim('│')), ' '.repeat(lane.length - 1 - before)];
  });
}

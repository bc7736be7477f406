/** The columns of the story on a terminal. */
import { expect, test } from 'vitest';
import type { EventName, Payload, TimelineEvent } from '../vocabulary/events.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { startTerminalStory } from './terminal-story.ts';

/** The widths of time and lanes: `        ms  fault client wire dns backend`, and two blanks. */
const textColumn = 43;

function linesOfStory<Name extends EventName>(event: Name, payload: Payload<Name>, isLate = false): string[] {
  const lines: string[] = [];
  const story = startTerminalStory({ topology: createTopology(), verbose: true, write: (line) => lines.push(line) });
  story.tell({ tMs: 1, witness: event.split(':')[0], host: 'client', event, ...payload } as unknown as TimelineEvent, isLate);
  story.end();
  return lines.slice(1);
}

test('a command of several lines keeps the columns, without the indent that it has in the scenario', () => {
  const command = '\n      for url in a b; do\n        curl "$url"\n\n      done\n    ';
  expect(linesOfStory('lab:command', { command }, true)).toEqual([
    '       1.0    │     │     │    │     │     $ for url in a b; do  ↑ reported late',
    '              │     │     │    │     │         curl "$url"',
    '              │     │     │    │     │       ',
    '              │     │     │    │     │       done',
  ]);
});

test('a note and the last words of a process may have several lines, in one role each', () => {
  expect(linesOfStory('lab:note', { text: 'one\ttwo\nthree\u001b[31m' }).map((line) => line.slice(textColumn))).toEqual(['one  two', 'three\\x1b[31m']);
  expect(linesOfStory('lab:process-trouble', { process: 'the client', reason: 'ended: exit status 1; it wrote: a\nb' }).map((line) => line.slice(textColumn))).toEqual(['the client ended: exit status 1; it wrote: a', 'b']);
});

test('text from the network has one line', () => {
  const lines = linesOfStory('dns:query', { id: 1, name: 'web\nlab', type: 'A', transport: 'udp', from: '198.51.100.200', fromPort: 1 });
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain('A? web\\x0alab');
});

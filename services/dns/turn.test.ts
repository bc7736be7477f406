import { Writable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Turn } from './turn.ts';

test('all that is logged in one turn is one write, and then the answers of the turn leave', async () => {
  const happened: string[] = [];
  const log = new Writable({
    write: (chunk, _, done) => { happened.push(String(chunk)); done(); },
    writev: (chunks, done) => { happened.push(chunks.map(({ chunk }) => String(chunk)).join('')); done(); },
  });
  const turn = new Turn(log);
  for (const turns of [['1', '2', '3'], ['4']]) {
    for (const query of turns) {
      turn.begin();
      log.write(`query ${query} `);
      log.write(`answer ${query} `);
      turn.send(() => happened.push(`send ${query}`));
    }
    expect(happened.splice(0)).toEqual([]);
    await nextTurn();
    expect(happened.splice(0)).toEqual([turns.map((query) => `query ${query} answer ${query} `).join(''), ...turns.map((query) => `send ${query}`)]);
  }
});

test('a query without an answer is in the log at the end of the turn', async () => {
  const lines: string[] = [];
  const log = new Writable({ write: (chunk, _, done) => { lines.push(String(chunk)); done(); } });
  const turn = new Turn(log);
  turn.begin();
  log.write('dropped');
  await nextTurn();
  expect(lines).toEqual(['dropped']);
});

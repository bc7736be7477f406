/** A matrix that nobody measured, for tests: each kind of cell that there can be. */
import { cellOf, type Reading } from '../analysis/cells.ts';
import type { Matrix, MatrixFailure } from '../report/matrix/matrix.ts';

const failure = (name: string, title: string, question: string, groupBy: MatrixFailure['groupBy'] = 'time'): MatrixFailure => ({ name, title, measures: `what ${title} measures`, question, groupBy });

/** The readings of a client in a failure: outcome, delay in ms, remark. An outcome of null showed nothing. */
type Told = readonly [string | null, number | null, string?];

const told: Record<string, Record<string, readonly Told[]>> = {
  'node-fetch': {
    'first-silent': [['answered', 252], ['answered', 251], ['answered', 258]],
    'all-silent': [['UND_ERR_CONNECT_TIMEOUT', 10_490, '2 attempts']],
    'closed-post': [['UND_ERR_SOCKET', 30, 'reused']],
  },
  'node-18-fetch': {
    'first-silent': [['UND_ERR_CONNECT_TIMEOUT', null]],
    'all-silent': [['UND_ERR_CONNECT_TIMEOUT', 10_010], ['EAI_AGAIN', 10_070], ['UND_ERR_CONNECT_TIMEOUT', 10_020]],
    'closed-post': [['UND_ERR_SOCKET', 90, 'reused']],
  },
  'chromium': {
    'first-silent': [['answered', 301]],
    'all-silent': [['no answer in 17 s', null, '4 attempts']],
    'closed-post': [['answered', 72, 'reused, sent 2 times']],
  },
  'go': {
    'first-silent': [['answered', 15_010]],
    'all-silent': [['no answer in 17 s', null]],
    'closed-post': [['EOF', 2.5, 'reused']],
  },
  'go-cgo': {
    'first-silent': [['answered', 15_030]],
    'all-silent': [[null, null], [null, null]],
    'closed-post': [['answered', null, 'dialled']],
  },
  'java': {
    'first-silent': [['answered', null]],
    'all-silent': [['ClosedChannelException', 55], [null, null], ['ClosedChannelException', 45]],
    // And no cell for closed-post.
  },
};

/** The folder of a run: of a scenario, the n-th one. */
const directoryOf = (name: string, index: number): string => `matrix-${name}/2026-01-31T12-00-0${index}.000Z`;

export function madeUpMatrix(): Matrix {
  const clients = Object.keys(told);
  return {
    startedAt: '2026-01-31T12:00:00.000Z',
    command: 'make matrix repeat=3',
    machine: { 'machine': '2 cores (made up), 4 GiB', 'its load': '1.0, 1.0, 1.0 in the last 1, 5 and 15 minutes, this command included' },
    repeat: 3,
    patienceMs: 17_000,
    clients: [...clients.map((name, index) => ({ name, version: `1.0.${index}` })), { name: 'musl', version: null, reason: 'install musl-tools' }],
    groups: [
      { title: 'Connecting', failures: [failure('first-silent', 'first address silent', 'Which clients go on to the second address?'), failure('all-silent', 'all silent', 'How soon does the caller get the error?')] },
      { title: 'A connection that served before', failures: [failure('closed-post', 'closed as POST is sent', 'Which clients send a POST again?', 'remark')] },
    ],
    cells: Object.entries(told).flatMap(([client, cells], place) => Object.entries(cells).map(([name, readings]) =>
      cellOf(client, '1', name, readings.map(([outcome, delayMs, remark = null], index): Reading => ({ outcome, delayMs, remark, directory: directoryOf(name, (place * 3 + index) % 10), trouble: outcome === null ? 'no effect' : null }))))),
  };
}

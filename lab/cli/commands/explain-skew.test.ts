import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { explainSkewLines } from './explain-skew.ts';

interface Made {
  client?: string;
  /** The A answers, and after `|` the AAAA answers. */
  answers: string[];
  /** The addresses to which the client connected. */
  connections: string[];
  journal?: object;
}

/** A folder as a run leaves it. The observer's query and connection, which come first, are not the client's. */
function runFolder({ client = 'node-fetch', answers, connections, journal }: Made): string {
  const folder = mkdtempSync(join(tmpdir(), 'run-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  const own = { tMs: 1, from: '198.51.100.9' };
  const answer = (type: string, words = ''): object => ({ ...own, event: 'dns:answer', name: 'web.lab.test', type, addresses: words.split(' ').filter(Boolean) });
  const events = [
    { tMs: -5, from: '198.51.100.250', event: 'backend:accept', address: '198.51.100.12' },
    { tMs: 1, from: '198.51.100.250', event: 'backend:accept', address: '198.51.100.12' },
    ...answers.flatMap((each) => [answer('A', each.split('|')[0]), answer('AAAA', each.split('|')[1])]),
    ...connections.map((address) => ({ ...own, event: 'backend:accept', address })),
  ];
  writeFileSync(join(folder, 'events.ndjson'), events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  const plain = { scenario: 'made', client, clientOptions: { resolver: 'lookup', resultOrder: 'verbatim' }, clientAddresses: ['198.51.100.9/24', '2001:db8:1:0:8000::200/64'] };
  writeFileSync(join(folder, 'journal.json'), JSON.stringify(journal ?? plain));
  return folder;
}

const repeat = (words: string[], times: number): string[] => Array.from({ length: times }, () => words).flat();
const shuffle = repeat(['198.51.100.12 198.51.100.11', '198.51.100.13 198.51.100.12', '198.51.100.11 198.51.100.13'], 20);
const sorted = repeat(['198.51.100.11', '198.51.100.13', '198.51.100.11'], 20);
const read = (made: Made): string => explainSkewLines({ client: [], from: runFolder(made) }).join('\n');

interface Printed {
  run: { connections: Record<string, number> };
  resolvers: { name: string; fits: boolean; shares: Record<string, number> }[];
}

test('a run that fits: its lookups, its connections, and the row of its client', () => {
  const text = read({ answers: shuffle, connections: sorted });
  expect(text).toContain('run     made with node-fetch: 60 lookups, 60 connections');
  expect(text).toMatch(/^ {2}198\.51\.100\.11 {2}2\/3 {3}66\.7 % {2}place 1 +40 connections {2}█+$/m);
  expect(text).toMatch(/node-fetch looks names up as node-verbatim: the shares fit the model\.$/);
});

test('--json says for each resolver whether the run fits', () => {
  const [json = ''] = explainSkewLines({ client: [], json: true, from: runFolder({ answers: shuffle, connections: sorted }) });
  const { run, resolvers } = JSON.parse(json) as Printed;
  expect(run.connections).toEqual({ '198.51.100.12': 0, '198.51.100.11': 40, '198.51.100.13': 20 });
  const fits = Object.fromEntries(resolvers.map((each) => [each.name, each.fits]));
  expect(fits).toMatchObject({ glibc: true, 'node-verbatim': true, java: true, musl: false, 'go-1.8': false, 'glibc-without-ipv6': false });
});

test('A and AAAA of one lookup belong together: IPv6 gets all connections', () => {
  const text = read({ answers: repeat(['198.51.100.11|2001:db8:1::12', '198.51.100.12|2001:db8:1::11'], 15), connections: repeat(['2001:db8:1::12', '2001:db8:1::11'], 15) });
  expect(text).toMatch(/the shares fit the model\.$/);
});

test.each([
  ['go', 'go looks names up as go-1.8: the shares do not fit the model. Something else decides'],
  ['curl', 'curl looks names up as glibc: the shares fit the model.'],
  ['./my-client {url}', 'The lab does not know how ./my-client {url} looks names up.'],
])('the row of %s', (client, verdict) => {
  expect(read({ client, answers: shuffle, connections: sorted }).replaceAll('\n', ' ')).toContain(verdict);
});

test('too few connections are no evidence', () => {
  expect(read({ answers: shuffle, connections: ['198.51.100.12'] })).toMatch(/Fewer than 20 connections: too few to judge\.$/);
});

test.each([
  ['no folder', () => explainSkewLines({ client: [], from: '/nowhere' }), 'Expected `--from` to be the folder of a run, such as results/latest, got `/nowhere`'],
  ['a journal of an older lab', () => read({ answers: shuffle, connections: sorted, journal: { scenario: 'old' } }), "to be the journal of a run with the client's addresses. An older version of the lab did not write them: run the scenario again."],
  ['a run without a lookup', () => read({ answers: [], connections: [] }), '(made) without an answer to the client'],
  ['--from and --client', () => explainSkewLines({ client: ['198.51.100.9/24'], from: '.' }), 'to be the folder of a run'],
  ['--from and --answers', () => explainSkewLines({ client: [], answers: '198.51.100.11', from: runFolder({ answers: shuffle, connections: [] }) }), 'Expected `--from` without `--answers`'],
  ['an unknown policy', () => explainSkewLines({ client: ['198.51.100.9/24'], answers: '198.51.100.11', policy: 'random' }), 'Expected `--policy` to be one of shuffle, fixed, rotate, got `random`.'],
  ['none returned', () => explainSkewLines({ client: ['198.51.100.9/24'], answers: '198.51.100.11', returned: '0' }), 'Expected `--returned` to be a whole number, 1 or more, got `0`.'],
])('bad input: %s', (_, call, message) => { expect(call).toThrow(message); });

import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { localRuntime } from '../network/programs.ts';
import { createTopology } from '../vocabulary/topology.ts';
import { readRunFolder } from './read-run.ts';

const recorded = join(localRuntime.root, 'lab/testing/runs/ipv6-blackhole');

/** A copy of a run's folder, with a file changed. */
function folderWith(file: string, change: (text: string) => string | null): string {
  const folder = mkdtempSync(join(tmpdir(), 'read-run-'));
  onTestFinished(() => { rmSync(folder, { recursive: true }); });
  cpSync(recorded, folder, { recursive: true });
  const text = change(readFileSync(join(folder, file), 'utf8'));
  if (text === null) rmSync(join(folder, file));
  else writeFileSync(join(folder, file), text);
  return folder;
}

const read = (folder: string): object => readRunFolder(folder, () => null);

test('a run is read as it was: the findings are those of its journal, and every event is there', () => {
  const run = readRunFolder(recorded, () => null);
  const journal = JSON.parse(readFileSync(join(recorded, 'journal.json'), 'utf8')) as { findings: object };
  // A newer version may have further findings.
  expect(JSON.parse(JSON.stringify(run.journal.findings))).toMatchObject(journal.findings);
  expect(run.events).toEqual(readFileSync(join(recorded, 'events.ndjson'), 'utf8').trim().split('\n').map((line) => JSON.parse(line) as object));
  expect(run.topology.hosts.client).toEqual({ ipv4: '198.51.100.200', ipv6: '2001:db8:1:0:8000::200' });
  expect(run.hasCapture).toBe(false);
});

test('the network of the run is that of its journal, also where the client has no IPv6 address and a resolver stands before DNS', () => {
  const network = { backends: 5, clientIpv4: '198.51.100.9', clientIpv6: null, resolver: 'nscd', resolvConf: ['nameserver 198.51.100.53'] } as const;
  const folder = folderWith('journal.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), network, clientAddresses: ['198.51.100.9/24'] }));
  expect(readRunFolder(folder, () => null).topology).toEqual(createTopology(network));
});

test('the picture that the scenario has of its own is that of its journal; an older journal has none', () => {
  expect(readRunFolder(recorded, () => null).journal.plot).toBeNull();
  const plot = { kind: 'ruler', title: 'a', caption: 'b', rows: [{ label: 'c', atMs: [0, 1_000], isMeasured: true }], end: null };
  const folder = folderWith('journal.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), plot }));
  expect(readRunFolder(folder, () => null).journal.plot).toEqual(plot);
});

test('what the scenario asks comes from elsewhere where an older journal does not say it', () => {
  const folder = folderWith('journal.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), about: undefined, command: undefined }));
  const about = { title: 'a title', teaches: '', predict: '', explains: '', sources: [] };
  const { journal } = readRunFolder(folder, (name) => (name === 'ipv6-blackhole' ? about : null));
  expect([journal.about, journal.command]).toEqual([about, null]);
});

test.each([
  ['no folder', () => join(recorded, 'nowhere'), /^There is no folder `.*nowhere`\. Expected the folder of a run, such as results\/latest\.$/],
  ['a file', () => join(recorded, 'journal.json'), /^Expected the folder of a run, such as results\/latest, got the file `/],
  ['no events', () => folderWith('events.ndjson', () => null), /with journal\.json and events\.ndjson: ENOENT/],
  ['no journal', () => folderWith('journal.json', () => null), /with journal\.json and events\.ndjson: ENOENT/],
  ['a journal that is no JSON', () => folderWith('journal.json', (text) => text.slice(0, 100)), /^Expected `.*journal\.json` to be the journal of a run: /],
  ['a journal of something else', () => folderWith('journal.json', () => '{"scenario":5}'), /but `scenario` is not what a journal has: /],
  ['a journal with another verdict', () => folderWith('journal.json', (text) => text.replace('"verdict": "pass"', '"verdict": "maybe"')), /but `verdict` is not what a journal has: /],
  ['a plot that is none', () => folderWith('journal.json', (text) => JSON.stringify({ ...(JSON.parse(text) as object), plot: { kind: 'shares', title: '', caption: '', names: ['backend-1'], counted: [{ what: '', counts: ['7'] }] } })), /but `plot\.counted\.0\.counts\.0` is not what a journal has: /],
  ['a broken line', () => folderWith('events.ndjson', (text) => text.replace('{"tMs"', '{"tM')), /^Line 1 of `.*events\.ndjson` is not an event of this version of the lab \(docs\/results\.md lists them all\): \{"tM/],
  ['a line that is cut', () => folderWith('events.ndjson', (text) => text.slice(0, -30)), /^Line \d+ of /],
  ['an unknown event', () => folderWith('events.ndjson', (text) => `${text}{"tMs":1,"host":"client","event":"client:teleport"}\n`), /^Line \d+ of .*client:teleport/],
  ['an empty line', () => folderWith('events.ndjson', (text) => `\n${text}`), /^Line 1 of .*: it is empty$/],
] as const)('%s gives one clear message', (_, folder, message) => {
  expect(() => read(folder())).toThrow(expect.objectContaining({ code: 'BAD_INPUT', message: expect.stringMatching(message) as string }));
});

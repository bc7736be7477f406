/** The picture of a capture: what it has in common with that of a run, and what it does not have. */
import { expect, test } from 'vitest';
import { sectionOf } from '../picture/picture.ts';
import type { Mark } from '../picture/model.ts';
import { captureOf, recordedRun } from '../testing/pictured-runs.ts';
import { capturePage, capturePicture, picturedCapture } from './capture-page.ts';
import { picturedRun } from './timeline-page.ts';
import type { ForeignCapture } from '../run/foreign-capture.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';

const run = recordedRun('host-vanishes');
const capture = captureOf(run);
const sectionFor = (changed: Partial<ForeignCapture> = {}) => sectionOf(picturedCapture({ file: 'x.pcap', capture: { ...capture, ...changed } }));
const isDns = ({ event }: TimelineEvent): boolean => event.startsWith('wire:dns');

test('hosts have their names from DNS, from the file, or are named by their addresses; there is no caller and no fault', () => {
  const lanesOf = (changed?: Partial<ForeignCapture>) => sectionFor(changed).lanes.map(({ name, address }) => [name, ...(address === undefined ? [] : [address])]);
  // One name has two of the addresses. Each of them is a server of its own.
  expect(lanesOf()).toEqual([['dns'], ['web.lab.test', '198.51.100.11'], ['web.lab.test', '198.51.100.12'], ['backend-3.lab.test', '198.51.100.13']]);
  // The name by which the client asked comes before that of the file.
  const named = { ...capture.file, names: new Map([['198.51.100.12', 'shop']]) };
  expect(lanesOf({ file: named })).toEqual(lanesOf());
  const events = capture.events.filter((event) => !isDns(event));
  expect(lanesOf({ events, file: named })).toEqual([['shop', '198.51.100.12'], ['198.51.100.11']]);
  const { requests, lanes } = sectionFor();
  expect(requests).toEqual([]);
  expect(lanes.flatMap(({ rows }) => rows.flatMap(({ shades }) => shades))).toEqual([]);
});

test('connections, exchanges and packets are those of the picture of the run', () => {
  const marksOf = (section: ReturnType<typeof sectionOf>): string[] =>
    section.lanes.filter(({ name }) => name !== 'caller' && name !== 'dns').flatMap(({ rows }) => rows.flatMap(({ lines, ticks, bars }) => [...lines, ...ticks, ...bars.filter(({ look }) => look !== 'dashed')]))
      .filter(({ title }) => !title.endsWith('still open at the end')).map(({ fromMs, toMs, look, title }: Mark) => `${fromMs} ${toMs} ${look} ${title.replace(/ \(#\d\)| for request #\d/, '')}`).sort();
  expect(marksOf(sectionFor()).length).toBeGreaterThan(20);
  expect(marksOf(sectionFor())).toEqual(marksOf(sectionOf(picturedRun(run))));
});

test('an attempt without an answer is silent until its last packet, or until the next attempt of its dial: no longer is known', () => {
  const silentIn = (section: ReturnType<typeof sectionOf>) => section.lanes.flatMap(({ rows }) => rows.flatMap(({ bars }) => bars.filter(({ labels }) => labels.at(-1) === 'silent').map(({ fromMs, toMs, labels }) => ({ fromMs, toMs, label: labels[0] }))));
  // Three questions for a hardware address, and no SYN.
  const questions = capture.events.filter((event) => event.event === 'wire:neighbour-solicitation' && event.address === '198.51.100.13').map(({ tMs }) => tMs);
  expect(questions).toHaveLength(3);
  expect(silentIn(sectionFor())).toEqual([{ fromMs: questions[0], toMs: questions[2], label: 'silent for 2.03 s' }]);
  // A SYN over IPv6, and the next one over IPv4.
  const { events } = captureOf(recordedRun('ipv6-blackhole'));
  const syns = events.filter(({ event }) => event === 'wire:syn').map(({ tMs }) => tMs);
  expect(silentIn(sectionFor({ events }))).toEqual([{ fromMs: syns[0], toMs: syns[1], label: 'silent for 251 ms' }]);
  // Nothing comes after the only SYN of a capture.
  expect(silentIn(sectionFor({ events: events.filter(({ tMs }) => tMs <= (syns[0] ?? 0)) }))).toEqual([{ fromMs: syns[0], toMs: syns[0], label: 'silent' }]);
});

test('the page says what the file cannot tell, and has no question, no check and no verdict', () => {
  const html = capturePage({ file: '<x>.pcap', capture: { ...capture, gaps: 2 } }, 'bin/lab read x.pcap');
  const text = html.slice(html.indexOf('<body>'), html.indexOf('<script'));
  expect(text).toContain('<h1>&#60;x&#62;.pcap</h1>');
  expect(text).toContain('<dt>not known</dt><dd>what was said behind a missing segment, in 2 connections</dd>');
  expect(text).toContain('<li><b>255 ms</b> until the next address</li>');
  // The story has every packet.
  expect(text).toMatch(/<b>client<\/b> A\? web\.lab\.test/);
  expect(text).not.toMatch(/Predict|Checks|class="verdict|events\.ndjson/);
  expect(capturePicture({ file: 'x.pcap', capture })).toContain('>web.lab.test</text><text class="dim small"');
});

test('of very many servers those with the most packets are drawn, and the page says how many are not', () => {
  const [syn] = capture.events.filter((event) => event.event === 'wire:syn');
  if (syn?.event !== 'wire:syn') throw new Error('The recorded run has no SYN.');
  const events = Array.from({ length: 50 }, (_, index) => ({ ...syn, tMs: index, address: `192.0.2.${index}`, localPort: 40_000 + index }));
  const busy = events.slice(0, 3).map((event) => ({ ...event, event: 'wire:syn-retransmission' as const, tMs: event.tMs + 1_000, count: 2 }));
  const many = { ...capture, events: [...events.toReversed().map((event) => ({ ...event, tMs: 49 - event.tMs })), ...busy] };
  const { lanes } = sectionOf(picturedCapture({ file: 'x.pcap', capture: many }));
  expect(lanes).toHaveLength(40);
  expect(lanes.map(({ name }) => name)).toEqual(expect.arrayContaining(['192.0.2.0', '192.0.2.1', '192.0.2.2']));
  expect(capturePage({ file: 'x.pcap', capture: many }, '')).toContain('<dd>10 servers with fewer packets than the 40 of the picture</dd>');
});

test('a capture that is too long for a page is cut, and the page says so', () => {
  const long = Array.from({ length: 30_000 }, (_, index): TimelineEvent => ({ tMs: index * 7.001 + (index % 13) * 0.037, host: 'client', witness: 'wire', event: 'wire:syn', address: `192.0.2.${index % 5}`, port: 443, family: 4, localPort: 1_024 + ((index * 7_919) % 60_000) }));
  const html = capturePage({ file: 'x.pcap', capture: { ...capture, events: long } }, '');
  expect(html.length).toBeLessThan(500_000);
  expect(html.slice(html.indexOf('<body>'), html.indexOf('<script'))).toMatch(/The picture shows the first \d{4,5} of 30000 events: more would make this page too large\./);
});

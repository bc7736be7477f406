import { expect, test } from 'vitest';
import { recordedRun, withEvents } from '../../testing/pictured-runs.ts';
import { runPicture } from '../../report/picture-file.ts';
import { ladderOf } from '../ladder.ts';
import { scaleOver, sectionOf, shifted } from '../picture.ts';
import { picturedRun, type RunToShow } from '../../report/timeline-page.ts';
import type { Section } from '../model.ts';
import { drawForPage, pictureFile } from './draw.ts';
import { expectXml } from '../../testing/xml.ts';
import { drawLadder } from './ladder.ts';
import { escaped, widthOf } from './text.ts';

const sectionFor = (run: RunToShow): Section => sectionOf(picturedRun(run));
const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);
const titlesOf = (svg: string): string[] => [...svg.matchAll(/<title>([^<]*)<\/title>/g)].map(([, text = '']) => text);

test('the picture of ipv6-blackhole says in words what happened, lane by lane', () => {
  const section = sectionFor(recordedRun('ipv6-blackhole'));
  expect(section.lanes.map(({ name, rows }) => [name, ...rows.map(({ label }) => label)])).toEqual([
    ['caller', 'request', 'waits for'],
    ['dns', 'changes', 'A', 'AAAA'],
    ['backend-1', 'IPv6'],
    ['backend-2', 'IPv6'],
    ['backend-3', 'IPv6', 'IPv4'],
  ]);
  // What the first request waited for, in order, without gaps.
  const waits = section.lanes[0]?.rows[1]?.bars.filter(({ request }) => request === 1) ?? [];
  expect(waits.map(({ labels }) => labels.at(-1))).toEqual(['client', 'DNS', 'client', '::12', 'client', 'connect', 'client', 'server', 'client', 'body']);
  expect(waits.every(({ fromMs }, index) => index === 0 || fromMs === waits[index - 1]?.toMs)).toBe(true);
  const request = section.requests[0];
  expect([waits[0]?.fromMs, waits.at(-1)?.toMs]).toEqual([request?.fromMs, request?.toMs]);
});

test('the hatch is on the family that is broken, and on no other', () => {
  const backend = sectionFor(recordedRun('ipv6-blackhole')).lanes.find(({ name }) => name === 'backend-3');
  expect(backend?.rows.map(({ label, shades }) => [label, shades.map(({ labels }) => labels[0])])).toEqual([['IPv6', ['blackhole']], ['IPv4', []]]);
});

test('retransmissions have the interval before them, a heal has a time of its own, and what no packet tells of is drawn, too', () => {
  const section = sectionFor(recordedRun('host-vanishes'));
  const rowOf = (name: string) => section.lanes.find((lane) => lane.name === name)?.rows[0];
  const again = rowOf('backend-2')?.ticks.filter(({ title }) => title.startsWith('payload again')) ?? [];
  expect(again).toHaveLength(5);
  // Each interval is that between two ticks.
  for (const { sinceMs, fromMs, labels } of again) expect(labels[0]).toBe(fromMs - (sinceMs ?? 0) < 999.5 ? `${(fromMs - (sinceMs ?? 0)).toFixed(0)} ms` : `${((fromMs - (sinceMs ?? 0)) / 1_000).toFixed(2)} s`);
  expect(rowOf('backend-1')?.shades.map(({ look, labels }) => [look, labels.at(-1)])).toEqual([['shade', 'vanish'], ['healing', 'healed']]);
  const gone = rowOf('backend-3');
  expect(gone?.bars.map(({ look, labels }) => [look, labels.at(-1)])).toEqual([['dashed', 'EHOSTUNREACH']]);
  expect(gone?.ticks.map(({ look }) => look)).toEqual(['question', 'question', 'question']);
});

test('the file is XML, has both themes, its labels, and a title for each mark', () => {
  const svg = runPicture(recordedRun('host-vanishes'));
  expectXml(svg);
  expect(svg).toContain('@media (prefers-color-scheme:dark)');
  expect(textsOf(svg)).toEqual(expect.arrayContaining(['caller', 'waits for', 'backend-1', 'vanish', 'true to time', 'a host vanishes without FIN or RST: before connecting, and under a live connection']));
  expect(titlesOf(svg).filter((title) => title.startsWith('Request #4,'))).toEqual([expect.stringMatching(/^Request #4, GET http:\/\/backend-3\.lab\.test:8080\/: EHOSTUNREACH after 3\.\d\d s$/)]);
  expect(svg.length).toBeLessThan(60_000);
});

test('the same run gives the same text', () => {
  expect(runPicture(recordedRun('host-vanishes'), 'dark')).toBe(runPicture(recordedRun('host-vanishes'), 'dark'));
});

test.each([320, 480, 640, 1180, 2560])('at a width of %i px no text of the axis or of a lane leaves the picture, and no two labels of the axis meet', (width) => {
  const section = sectionFor(recordedRun('host-vanishes'));
  for (const kind of ['warped', 'true to time'] as const) {
    const { inner, layout: { axisY } } = drawForPage({ sections: [section], scale: scaleOver([section], kind), width });
    const placed = [...inner.matchAll(/<text class="([^"]*)" x="([\d.-]+)" y="([\d.-]+)"( text-anchor="(\w+)")?>([^<]*)</g)].map(([, classes = '', x = '', y = '', , anchor = 'start', text = '']) => {
      const wide = widthOf(text.replaceAll(/&#?\w+;/g, 'x'), classes.includes('small') ? 10 : 11);
      const left = Number(x) - (anchor === 'middle' ? wide / 2 : anchor === 'end' ? wide : 0);
      return { text, y: Number(y), left, right: left + wide };
    });
    expect(placed.filter(({ left, right }) => left < -1 || right > width + 6)).toEqual([]);
    const axis = placed.filter(({ y }) => y === axisY + 15).sort((one, other) => one.left - other.left);
    expect(axis.length).toBeGreaterThan(1);
    expect(axis.filter(({ left }, index) => index > 0 && left < (axis[index - 1]?.right ?? 0))).toEqual([]);
  }
});

test('only what is visible is drawn, and what is small is one path for each row', () => {
  const section = sectionFor(recordedRun('host-vanishes'));
  const draw = (from: number, to: number): string => drawForPage({ sections: [section], scale: scaleOver([section], 'warped'), width: 1_000, from, to }).inner;
  const marks = (svg: string): number => svg.match(/id="m-/g)?.length ?? 0;
  expect(marks(draw(0.9, 0.91))).toBeLessThan(marks(draw(0, 1)) / 3);
  expect(draw(0.9, 0.91)).not.toContain('Request #1,');
});

test('strings from the network stay text: markup, direction marks, control characters, a megabyte', () => {
  const run = recordedRun('ipv6-blackhole');
  const hostile = `</script><script>alert(1)</script>\u202e\u0000"'&\ud800${'A'.repeat(1_000_000)}`;
  const events = run.events.map((event) => (event.event === 'client:request' ? { ...event, url: hostile } : event.event === 'wire:response' ? { ...event, line: hostile } : event));
  const svg = runPicture(withEvents(run, events));
  expectXml(svg);
  expect(svg).not.toMatch(/<script|\u202e|\u0000/);
  expect(svg).toContain('&lt;/script&gt;&lt;script&gt;alert(1)');
  expect(svg).toContain('\\u{202e}');
  expect(svg).toMatch(/cut: 300 of \d+ characters/);
  expect(svg.length).toBeLessThan(60_000);
  expect(escaped('a<b>&"\'')).toBe('a&lt;b&gt;&amp;&quot;&#39;');
});

test('the ladder of a request has an arrow for each packet, and a lost one does not reach its column', () => {
  const run = picturedRun(recordedRun('ipv6-blackhole'));
  const ladder = ladderOf(run, 1);
  expect(ladder?.columns.map(({ name }) => name)).toEqual(['caller', 'client', 'dns', 'backend-2', 'backend-3']);
  expect(ladder?.steps.map(({ from, to, text, isLost }) => `${from}>${to} ${text}${isLost ? ' LOST' : ''}`)).toEqual([
    'caller>caller GET http://web.lab.test:8080/',
    'client>dns A? web.lab.test',
    'client>dns AAAA? web.lab.test',
    'dns>client A → .13 .11',
    'dns>client AAAA → ::12 ::13',
    'client>backend-2 SYN LOST',
    'client>client ::12 given up',
    'client>backend-3 SYN',
    'backend-3>client SYN-ACK',
    'client>backend-3 GET /',
    'backend-3>client 200 OK',
    'caller>caller 200',
  ]);
  expect(ladderOf(run, 99)).toBeNull();
  if (ladder) expectXml(`<svg xmlns="http://www.w3.org/2000/svg">${drawLadder(ladder, 800).inner}</svg>`);
});

test('several runs stand on one axis, each moved to its own zero', () => {
  const sections = [recordedRun('ipv6-blackhole'), recordedRun('host-vanishes')].map((run) => {
    const section = sectionFor(run);
    return shifted(section, -(section.requests[0]?.fromMs ?? 0));
  });
  expect(sections.map(({ requests }) => requests[0]?.fromMs)).toEqual([0, 0]);
  const svg = pictureFile({ sections, scale: scaleOver(sections, 'warped'), title: 'two', subtitle: 'runs' });
  expectXml(svg);
  expect(textsOf(svg).filter((text) => text.endsWith(' · node-fetch'))).toEqual(['ipv6-blackhole · node-fetch', 'host-vanishes · node-fetch']);
  // Bands of waits would be those of both runs.
  expect(svg).not.toContain('class="wait"');
});

test('a run without an event, and one without a request, are pictures, too', () => {
  const run = recordedRun('ipv6-blackhole');
  for (const events of [[], run.events.filter(({ witness }) => witness !== 'client' && witness !== 'wire')]) expectXml(runPicture(withEvents(run, events)));
});

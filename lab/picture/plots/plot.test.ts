import { expect, test } from 'vitest';
import { fairCount, type Plot, type RulerPlot, type SharesPlot, type SweepPlot } from '../../analysis/plot.ts';
import { runPicture } from '../../report/picture-file.ts';
import { timelinePage } from '../../report/timeline-page.ts';
import { recordedRun } from '../../testing/pictured-runs.ts';
import { widthOf } from '../draw/text.ts';
import { drawPlot, plotHtml } from './plot.ts';

const captioned = { title: 'a title of the plot', caption: 'How to read it, and what in it was not measured: a sentence that needs more than one line.' };
const ruler: RulerPlot = {
  kind: 'ruler', ...captioned,
  rows: [{ label: 'this run', atMs: [0, 1_031, 2_055, 7_130], isMeasured: true }, { label: 'another kernel', atMs: [0, 1_000, 3_000, 7_000, 15_000], isMeasured: false }],
  end: { atMs: 7_571, what: 'the client gives up' },
};
const shares: SharesPlot = { kind: 'shares', ...captioned, names: ['backend-1', 'backend-2', 'backend-3'], counted: [{ what: 'first in an answer of DNS', counts: [94, 95, 111] }, { what: 'requests answered', counts: [214, 33, 53] }] };
const sweep: SweepPlot = {
  kind: 'sweep', ...captioned, set: 'the delay of the path', measured: 'the wait', series: ['IPv6 carries', 'IPv4 carries'], diagonal: 'as set',
  points: [[0, 0.2, 6], [100, 101.7, 6], [200, 201.2, 6], [200, 220.9, 6], [300, 252.4, 4], [400, 253.1, 4]].map(([setMs = 0, measuredMs = 0, family = 0]) => ({ setMs, measuredMs, series: `IPv${family} carries` })),
  change: { fromMs: 200, toMs: 300, what: 'IPv4 begins to win' },
};
const many: SharesPlot = { ...shares, names: Array.from({ length: 24 }, (_, index) => `backend-${index + 1}`), counted: [{ what: 'requests answered', counts: Array.from({ length: 24 }, (_, index) => (index === 7 ? 0 : 13)) }] };
const long: RulerPlot = { ...ruler, rows: [{ label: 'this run: a client that waits for a very long time', atMs: [0, 1_000, 2_000, 3_000, 4_000, 5_000, 7_000, 11_000, 19_500, 36_000, 69_000], isMeasured: true }], end: { atMs: 131_000, what: 'the kernel gives up' } };
const early: RulerPlot = { ...ruler, rows: ruler.rows.map((row) => ({ ...row, atMs: [0] })), end: { atMs: 250, what: 'the client gives up' } };
const empty: Plot[] = [{ ...ruler, rows: [], end: null }, { ...shares, counted: [{ what: 'requests answered', counts: [0, 0, 0] }] }, { ...shares, names: ['backend-1'], counted: [{ what: 'requests answered', counts: [7] }] }, { ...sweep, points: [], series: [], change: null, diagonal: null }];

interface Placed {
  text: string;
  classes: string;
  left: number;
  right: number;
  y: number;
}

function textsIn(svg: string): Placed[] {
  return [...svg.matchAll(/<text class="([^"]*)" x="([\d.-]+)" y="([\d.-]+)"( text-anchor="(\w+)")?>([^<]*)</g)].map(([, classes = '', x = '', y = '', , anchor = 'start', text = '']) => {
    const wide = widthOf(text.replaceAll(/&#?\w+;/g, 'x'), classes.includes('small') ? 10 : classes.includes('name') ? 12.5 : 11);
    const left = Number(x) - (anchor === 'middle' ? wide / 2 : anchor === 'end' ? wide : 0);
    return { text, classes, left, right: left + wide, y: Number(y) };
  });
}

test.each([340, 680, 760])('at a width of %i px no text leaves a plot, and no two texts of a line meet', (width) => {
  for (const plot of [ruler, long, early, shares, many, sweep, ...empty]) {
    const { inner, height } = drawPlot(plot, width);
    const placed = textsIn(inner);
    expect(placed.length).toBeGreaterThan(2);
    expect(placed.filter(({ left, right, y }) => left < 0 || right > width + 1 || y > height)).toEqual([]);
    expect(inner).not.toMatch(/NaN|undefined|Infinity/);
    for (const line of Map.groupBy(placed, ({ y }) => y).values()) {
      const sorted = line.sort((one, other) => one.left - other.left);
      expect(sorted.filter(({ left }, index) => index > 0 && left < (sorted[index - 1]?.right ?? 0)).map(({ text }) => text)).toEqual([]);
    }
  }
});

test('a ruler is true to time; what was not measured is hollow and says so; what would come after the end is not drawn', () => {
  const { inner, text } = drawPlot(ruler, 680);
  const marks = [...inner.matchAll(/<title>([^<]*)<\/title><path class="([^"]*)"[^>]* d="M([\d.]+) /g)].map(([, title = '', classes = '', x = '']) => ({ title, classes, x: Number(x) }));
  const filled = marks.filter(({ classes }) => classes === 'fill-failed');
  const hollow = marks.filter(({ classes }) => classes === 'outline edge-note');
  expect(filled.map(({ title }) => title)).toEqual(['this run: 1. after 0', 'this run: 2. after 1.03 s', 'this run: 3. after 2.06 s', 'this run: 4. after 7.13 s']);
  expect(hollow.map(({ title }) => title)).toEqual(['another kernel: 1. after 0, not measured', 'another kernel: 2. after 1.00 s, not measured', 'another kernel: 3. after 3.00 s, not measured', 'another kernel: 4. after 7.00 s, not measured']);
  // Equal times have equal widths, in both rows.
  const perMs = ((filled[3]?.x ?? NaN) - (filled[0]?.x ?? NaN)) / 7_130;
  expect((filled[1]?.x ?? NaN) - (filled[0]?.x ?? NaN)).toBeCloseTo(1_031 * perMs, 0);
  expect((hollow[2]?.x ?? NaN) - (hollow[0]?.x ?? NaN)).toBeCloseTo(3_000 * perMs, 0);
  expect(text).toBe('this run: 0, 1.03 s, 2.06 s, 7.13 s. another kernel (not measured): 0, 1.00 s, 3.00 s, 7.00 s. the client gives up after 7.57 s');
});

test('shares stand against the fair share and one standard deviation of a binomial count', () => {
  // 300 requests over 3 backends: the variance is 300 · 1/3 · 2/3.
  expect(fairCount(300, 3)).toEqual({ count: 100, sigma: expect.closeTo(8.165, 3) as number });
  const { inner, text } = drawPlot(shares, 680);
  expect(textsIn(inner).map((each) => each.text)).toEqual(expect.arrayContaining(['requests answered: 300', 'fair: 100 ± 8.2', '214 · 71 % · +14.0 σ', '33 · 11 % · −8.2 σ', '111 · 37 % · +1.3 σ']));
  expect(text).toContain('requests answered: 300, fair: 100 ± 8.2: backend-1 214 · 71 % · +14.0 σ, backend-2 33');
  // The bars, the band and the line have one scale.
  const numbers = (pattern: RegExp): number[] => [...inner.matchAll(pattern)].map(([, value = '']) => Number(value));
  const [, , , widest = NaN] = numbers(/<rect class="fill-host-\d" x="[\d.]+" y="[\d.]+" width="([\d.]+)"/g);
  const bandWidth = numbers(/<rect class="wait" x="[\d.]+" y="[\d.]+" width="([\d.]+)"/g)[1] ?? NaN;
  expect(bandWidth / widest).toBeCloseTo((2 * 8.165) / 214, 2);
});

test('a sweep has a shape for each series, and the two steps between which it changes', () => {
  const { inner, text } = drawPlot(sweep, 680);
  const titles = [...inner.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title = '']) => title);
  expect(titles).toHaveLength(6);
  expect(titles[4]).toBe('300 ms: IPv4 carries, 252.4 ms');
  const shapes = [...inner.matchAll(/<\/title><path class="(fill-[\w-]+)" d="M[\d.]+ [\d.]+(\w)/g)].map(([, colour = '', command = '']) => `${colour} ${command}`);
  expect([...new Set(shapes)]).toEqual(['fill-dns a', 'fill-host-1 h']);
  expect(textsIn(inner).map((each) => each.text)).toEqual(expect.arrayContaining(['IPv4 begins to win: 200–300 ms', 'the delay of the path, ms', 'the wait, ms', '221', '252']));
  // Of two points at one setting, the higher one has its number.
  expect(textsIn(inner).map((each) => each.text)).not.toContain('201');
  expect(text).toContain('IPv4 begins to win between 200 and 300 ms');
  expect(drawPlot({ ...sweep, change: null }, 680).inner).not.toContain('class="wait"');
});

test('a run whose scenario has a plot shows it in its page, without a script, and in its picture; another run has none', () => {
  const run = recordedRun('ipv6-blackhole');
  const withPlot = { ...run, journal: { ...run.journal, plot: shares } };
  const page = timelinePage(withPlot);
  const text = page.slice(page.indexOf('<body>'), page.indexOf('<script'));
  expect(text.match(/role="img" aria-label="a title of the plot\. first in an answer of DNS: 300, fair: 100 ± 8\.2: /g)).toHaveLength(2);
  expect(text.indexOf('class="plot"')).toBeLessThan(text.indexOf('id="stage"'));
  const [picture, without] = [runPicture(withPlot), runPicture(run)];
  expect(picture).toContain('requests answered: 300');
  const heightOf = (svg: string): number => Number(/height="([\d.]+)"/.exec(svg)?.[1]);
  expect(heightOf(picture)).toBeCloseTo(heightOf(without) + drawPlot(shares, 760).height + 8, 0);
  expect(without).not.toContain('a title of the plot');
});

test('strings of a scenario stay text', () => {
  const hostile = '</svg><script>alert(1)</script>"\u202e';
  const html = plotHtml({ ...sweep, title: hostile, caption: hostile, set: hostile, measured: hostile, series: [hostile], points: [{ setMs: 1, measuredMs: 1, series: hostile }], change: { fromMs: 0, toMs: 1, what: hostile }, diagonal: hostile });
  expect(html).not.toMatch(/<script|\u202e/);
  expect(html).toContain('&lt;script&gt;');
});

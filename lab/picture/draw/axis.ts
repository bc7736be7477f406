/** The axis under the lanes, the bands of long waits behind them, and the strip that is true to time. */
import type { Section } from '../model.ts';
import type { Layout } from './layout.ts';
import { px, widthOf } from './text.ts';
import { visibleMs, xOf, type View } from './view.ts';
import { duration } from '../model.ts';
import { firstIndex, type Scale } from '../scale.ts';

/** A wait that a reader must see at once. */
const longMs = 90;

/** Bands with the length of each long wait in words. On an axis that is true to time, and in a comparison, they would only disturb. */
export function drawWaits(layout: Layout, view: View): string {
  if (view.scale.kind !== 'warped' || layout.sections.length > 1) return '';
  const [fromMs, toMs] = visibleMs(view);
  const parts: string[] = [];
  let freeX = Math.max(view.plotX - 20, 2);
  for (const [begin, end] of longWaits(view.scale)) {
    if (end <= fromMs || begin >= toMs) continue;
    const [left, right] = [Math.max(xOf(view, begin), view.plotX), Math.min(xOf(view, end), view.plotX + view.plotWidth)];
    if (right - left < 4) continue;
    const text = `… ${duration(end - begin)} …`;
    const half = widthOf(text, 10) / 2;
    const middle = (left + right) / 2;
    parts.push(`<rect class="wait" x="${px(left)}" y="${px(layout.lanesTop - 3)}" width="${px(right - left)}" height="${px(layout.lanesBottom - layout.lanesTop + 7)}"/>`);
    if (middle - half < freeX || middle + half > layout.width) continue;
    freeX = middle + half + 6;
    parts.push(`<text class="dim small strong" x="${px(middle)}" y="${px(layout.lanesTop - 8)}" text-anchor="middle">${text}</text>`);
  }
  return parts.join('');
}

const waits = new WeakMap<Scale, [number, number][]>();

function longWaits(scale: Scale): [number, number][] {
  const known = waits.get(scale);
  if (known) return known;
  const { knotsMs } = scale;
  const found = knotsMs.flatMap((endMs, index): [number, number][] => (index > 0 && endMs - (knotsMs[index - 1] ?? endMs) >= longMs ? [[knotsMs[index - 1] ?? 0, endMs]] : []));
  waits.set(scale, found);
  return found;
}

export function drawAxis(layout: Layout, view: View): string {
  const { axisY } = layout;
  const right = view.plotX + view.plotWidth;
  const labels = axisTimes(layout, view).map(({ x, textX, text }) => `<path class="axis" d="M${px(x)} ${px(axisY)}v4"/><text class="dim small" x="${px(textX)}" y="${px(axisY + 15)}" text-anchor="middle">${text}</text>`);
  return `<path class="axis" d="M${px(view.plotX)} ${px(axisY)}H${px(right)}"/>${labels.join('')}`;
}

/** The times that get a label: those of requests first, and then what has room. */
function axisTimes({ sections, width }: Layout, view: View): { x: number; textX: number; text: string }[] {
  const [fromMs, toMs] = visibleMs(view);
  const right = view.plotX + view.plotWidth;
  const taken: { x: number; textX: number; half: number; text: string }[] = [];
  const tryAt = (ms: number): void => {
    const x = xOf(view, ms);
    if (x < view.plotX - 0.5 || x > right + 0.5) return;
    const text = timeText(ms, msPerPx(view, x));
    const half = widthOf(text, 10) / 2 + 5;
    const textX = within(x, half - 5, width);
    if (taken.every((other) => Math.abs(other.textX - textX) >= half + other.half)) taken.push({ x, textX, half, text });
  };
  if (view.scale.kind === 'true to time') for (const ms of roundTimes(fromMs, toMs, view.plotWidth / 80)) tryAt(ms);
  else {
    // Where runs are compared, they are aligned here.
    if (sections.length > 1) tryAt(0);
    for (const { requests } of sections.map(({ section }) => section)) {
      const near = requests.filter((request) => request.toMs >= fromMs && request.fromMs <= toMs);
      const every = Math.ceil(near.length / 100);
      for (let index = 0; index < near.length; index += every) for (const ms of [near[index]?.fromMs ?? 0, near[index]?.toMs ?? 0]) tryAt(ms);
    }
    const { knotsMs } = view.scale;
    for (let x = view.plotX; x <= right; x += 56) {
      const ms = view.scale.msAt(view.from + ((x - view.plotX) / view.plotWidth) * (view.to - view.from));
      tryAt(knotsMs[firstIndex(knotsMs, (knot) => knot >= ms)] ?? ms);
    }
  }
  return taken;
}

/** The middle of a label so that it stays in the picture. */
function within(x: number, half: number, width: number): number {
  return Math.min(Math.max(x, half + 2), width - half - 2);
}

function msPerPx(view: View, x: number): number {
  const place = (at: number): number => view.scale.msAt(view.from + ((at - view.plotX) / view.plotWidth) * (view.to - view.from));
  const [left, right] = [Math.max(x - 4, view.plotX), Math.min(x + 4, view.plotX + view.plotWidth)];
  return (place(right) - place(left)) / (right - left);
}

function timeText(ms: number, perPx: number): string {
  if (Math.abs(ms) >= 1_000 && perPx > 0.02) return `${(ms / 1_000).toFixed(perPx < 0.2 ? 3 : 2)} s`;
  if (ms === 0) return '0 ms';
  return `${ms.toFixed(perPx < 0.02 ? 2 : perPx < 0.2 ? 1 : 0)} ms`;
}

/** Round times, about `count` of them. */
function roundTimes(fromMs: number, toMs: number, count: number): number[] {
  const rough = (toMs - fromMs) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const times: number[] = [];
  for (let ms = Math.ceil(fromMs / step) * step; ms <= toMs; ms += step) times.push(ms);
  return times;
}

/** The strip stays the same while a reader zooms. */
const strips = new WeakMap<Section, { key: string; drawn: string }>();

/** All requests, true to time, and the part that the lanes show now. A capture from elsewhere has no caller: there it has what happened at the servers. */
export function drawStrip({ stripY, sections, width, plotX, gutter }: Layout, view: View): string {
  const { startMs, endMs } = view.scale;
  const at = (ms: number): number => plotX + ((ms - startMs) / (endMs - startMs)) * view.plotWidth;
  const tall = 10 * sections.length;
  const rows = sections.map(({ section }, index) => {
    const key = `${plotX} ${view.plotWidth} ${stripY} ${startMs} ${endMs} ${index}`;
    const known = strips.get(section);
    if (known?.key === key) return known.drawn;
    const paths = new Map<string, string>();
    for (const { tone, d } of stripBars(section, at, stripY + 10 * index + 2)) paths.set(tone, (paths.get(tone) ?? '') + d);
    const drawn = [...paths].map(([tone, d]) => `<path class="fill-${tone}" d="${d}"/>`).join('');
    strips.set(section, { key, drawn });
    return drawn;
  });
  const [fromMs, toMs] = visibleMs(view);
  const label = gutter > 0 ? `<text class="dim small" x="${px(plotX - 10)}" y="${px(stripY + tall / 2 + 4)}" text-anchor="end">true to time</text>` : '';
  return (
    `<rect class="lane" x="${px(plotX)}" y="${px(stripY)}" width="${px(view.plotWidth)}" height="${px(tall)}"/>${rows.join('')}` +
    `<rect class="window" x="${px(at(fromMs))}" y="${px(stripY - 1)}" width="${px(Math.max(at(toMs) - at(fromMs), 2))}" height="${px(tall + 2)}"/>${label}` +
    `<text class="dim small" x="${px(plotX)}" y="${px(stripY + tall + 13)}">${timeText(startMs, 1)}${gutter > 0 ? '' : ' · true to time'}</text><text class="dim small" x="${px(Math.min(plotX + view.plotWidth, width))}" y="${px(stripY + tall + 13)}" text-anchor="end">${timeText(endMs, 1)}</text>`
  );
}

/** Requests between which less than a pixel is free are one bar. */
function stripBars({ lanes }: Section, at: (ms: number) => number, y: number): { tone: string; d: string }[] {
  const caller = lanes.filter(({ name }) => name === 'caller');
  const bars = (caller.length > 0 ? caller : lanes.filter(({ name }) => name !== 'dns')).flatMap(({ rows }) => rows.filter(({ height }) => height === 'tall' || height === 'intervals').flatMap((row) => row.bars)).sort((one, other) => one.fromMs - other.fromMs);
  const merged: { tone: string; left: number; right: number }[] = [];
  const last = new Map<string, { tone: string; left: number; right: number }>();
  for (const { fromMs, toMs, tone } of bars) {
    const [left, right] = [at(fromMs), Math.max(at(toMs), at(fromMs) + 1)];
    const before = last.get(tone);
    if (before && left >= before.left && left - before.right < 0.8) before.right = Math.max(before.right, right);
    else {
      const bar = { tone, left, right };
      last.set(tone, bar);
      merged.push(bar);
    }
  }
  return merged.map(({ tone, left, right }) => ({ tone, d: `M${px(left)} ${px(y)}h${px(right - left)}v6h${px(left - right)}z` }));
}

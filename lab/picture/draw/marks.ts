/** The marks of one row as SVG: only what is visible, and what is too small to tell apart as one path for each colour. */
import { firstIndex } from '../scale.ts';
import { layers, type Layer, type Mark, type Row } from '../model.ts';
import { intervalsPx, type PlacedRow } from './layout.ts';
import { escaped, fitting, fittingOrCut, px, widthOf } from './text.ts';
import { msOf, visibleMs, visibleRange, xOf, type View } from './view.ts';

/** The request that a reader has chosen. A mark that belongs to no request is a part of it if it was at the same time. */
export interface ChosenRequest {
  request: number;
  fromMs: number;
  toMs: number;
}

/** How a row is drawn. `idOf` names the elements of a page; without it, each mark has a `<title>`, for a picture that stands alone. */
export interface Drawing {
  view: View;
  idOf?: ((layer: Layer, index: number) => string) | undefined;
  /** All that does not belong to this request is faded. */
  request?: ChosenRequest | undefined;
  /** The text for the labels of shades was drawn in a row of the lane above. */
  isShadeNamed: boolean;
}

/** A bar that is narrower has no text and no element of its own. */
const smallest = 4;
/** Two packets that are closer are drawn as one path. */
const closest = 5;

export function drawRow({ row, y, height: whole }: PlacedRow, drawing: Drawing): string {
  const height = whole - (row.height === 'intervals' ? intervalsPx : 0);
  const { view } = drawing;
  const visible = visibleMs(view);
  const clip = (x: number): number => Math.min(Math.max(x, view.plotX), view.plotX + view.plotWidth);
  const parts: string[] = [];
  const small = startSmall(view, drawing.request);
  const element = (layer: Layer, index: number, mark: Mark, content: string): string => {
    const faded = layer !== 'shades' && isFaded(mark, drawing.request) ? ' class="faded"' : '';
    if (drawing.idOf) return `<g id="${drawing.idOf(layer, index)}" role="img" aria-label="${escaped(mark.title)}"${faded}>${content}</g>`;
    return `<g${faded}><title>${escaped(mark.title)}</title>${content}</g>`;
  };
  for (const layer of layers) {
    const marks = row[layer];
    const [first, end] = visibleRange(marks, visible);
    let [lastX, lastFailedX] = [-Infinity, -Infinity];
    let namedX = -Infinity;
    const names: string[] = [];
    small.begin();
    for (let index = first; index < end; index++) {
      const mark = marks[index];
      if (!mark || mark.toMs < visible[0] || small.isCovered(layer, mark)) continue;
      const [left, right] = [xOf(view, mark.fromMs), xOf(view, mark.toMs)];
      const [x, width] = [clip(left), Math.max(clip(right) - clip(left), 0)];
      if (layer === 'ticks') {
        const isFlag = mark.look === 'flag';
        if (left < view.plotX - 1 || left > view.plotX + view.plotWidth + 1) continue;
        // A reset must not vanish behind the packet before it.
        if (left - (mark.tone === 'failed' ? lastFailedX : lastX) < closest && !isFlag) {
          small.add(mark, left, 1, y + 5, height - 10);
          continue;
        }
        const room = roomAfter(marks, index, left, view);
        lastX = left;
        if (mark.tone === 'failed') lastFailedX = left;
        if (mark.sinceMs !== undefined) parts.push(drawInterval(mark, mark.sinceMs, left, y + height, view));
        parts.push(element(layer, index, mark, drawTick(mark, left, y, height, room)));
      } else if (layer === 'bars' && right - left < smallest) small.add(mark, left, right - left, y + 3, height - 6);
      else if (layer === 'lines') parts.push(element(layer, index, mark, `<path class="line edge-${mark.tone}" d="M${px(x)} ${px(y + height / 2)}h${px(Math.max(width, 1))}"/>`));
      else if (layer === 'shades') {
        // The name of a short fault may reach into the time in which it heals, which then has no text.
        const next = marks[index + 1];
        const room = next?.look === 'healing' && next.fromMs - mark.toMs < 1 ? clip(xOf(view, next.toMs)) - x : width;
        const isNamed = drawing.isShadeNamed || row.height === 'low' || x + 4 < namedX;
        const free = firstMarkX(row, mark.fromMs, view) - x;
        const most = (mark.look === 'shade' ? room : width) - 10;
        const text = isNamed ? null : (fitting(mark.labels, Math.min(most, free - 12), 11) ?? fittingOrCut(mark.labels.slice(-1), most, 11));
        if (text !== null) namedX = x + 6 + widthOf(text, 11);
        parts.push(element(layer, index, mark, drawShade(mark, x, y, width, whole, left)));
        if (text !== null) names.push(`<text class="fill-${mark.tone} strong small halo-${mark.look === 'shade' ? 'pale' : 'healing'}" x="${px(x + 6)}" y="${px(y + 10.5)}">${escaped(text)}</text>`);
      }
      else parts.push(element(layer, index, mark, drawBar(mark, x, y, width, height, row, view, row.textBehind ? roomAfter(marks, index, x + width, view) : 0)));
    }
    parts.push(small.end(), ...names);
  }
  if (row.steps) parts.push(drawSteps(row.steps, y, height, view));
  return parts.join('');
}

/** What is too small for an element of its own: one path for each colour. What falls into a pixel that has this colour already adds nothing. */
function startSmall(view: View, chosen: ChosenRequest | undefined): { begin(): void; isCovered(layer: Layer, mark: Mark): boolean; add(mark: Mark, x: number, width: number, y: number, height: number): void; end(): string } {
  let paths = new Map<string, { d: string; left: number; right: number; y: number; height: number }>();
  let coveredMs = new Map<string, number>();
  const classesOf = (mark: Mark): string => `fill-${mark.tone}${isFaded(mark, chosen) ? ' faded' : ''}`;
  const flushed = ({ d, left, right, y, height }: { d: string; left: number; right: number; y: number; height: number }): string => `${d}M${px(left)} ${px(y)}h${px(right - left)}v${px(height)}h${px(left - right)}z`;
  return {
    begin: () => {
      paths = new Map();
      coveredMs = new Map();
    },
    isCovered: (layer, mark) => layer !== 'shades' && mark.look !== 'flag' && coveredMs.size > 0 && mark.toMs <= (coveredMs.get(classesOf(mark)) ?? -Infinity),
    add: (mark, x, width, y, height) => {
      const classes = classesOf(mark);
      const right = x + Math.max(width, 1.2);
      const open = paths.get(classes);
      if (!open) paths.set(classes, { d: '', left: x, right, y, height });
      // Less than a pixel is no gap.
      else if (x - open.right < 0.8) open.right = Math.max(open.right, right);
      else paths.set(classes, { d: flushed(open), left: x, right, y, height });
      coveredMs.set(classes, msOf(view, x + 1));
    },
    end: () => [...paths].map(([classes, path]) => `<path class="${classes}" d="${flushed(path)}"/>`).join(''),
  };
}

function isFaded(mark: Mark, chosen: ChosenRequest | undefined): boolean {
  if (!chosen) return false;
  return mark.request === undefined ? mark.toMs < chosen.fromMs || mark.fromMs > chosen.toMs : mark.request !== chosen.request;
}

function drawBar(mark: Mark, x: number, y: number, width: number, height: number, row: Row, view: View, roomBehind: number): string {
  const { look, tone, labels } = mark;
  const isTall = row.height === 'tall' || row.height === 'intervals';
  const inset = isTall ? 3 : 2;
  const [top, tall] = [y + inset, height - 2 * inset];
  const size = isTall ? 11 : 10;
  const [clearX, clearWidth] = clearOf(row, mark, x, width, view);
  // Strong letters are wider.
  const isRequest = row.label === 'request' || mark.title.startsWith('Request #') && isTall;
  const textSize = isRequest || look === 'dashed' ? size * 1.1 : size;
  const text = fitting(labels, clearWidth - 8, textSize);
  const behind = text === labels[0] ? null : fitting(labels, roomBehind - 10, size);
  const baseline = px(y + height / 2 + size * 0.36);
  const classes = look === 'solid' ? `fill-${tone}` : `${look} edge-${tone}`;
  const half = look === 'solid' ? 0 : 0.6;
  const on = look === 'solid' ? `on-${tone}` : `fill-${tone}`;
  const weight = isRequest || look === 'dashed' ? ' strong' : '';
  return (
    `<rect class="${classes}" x="${px(x + half)}" y="${px(top + half)}" width="${px(Math.max(width - 2 * half, 1))}" height="${px(tall - 2 * half)}" rx="2"/>` +
    (behind !== null ? `<text class="fill-${look === 'solid' ? 'packet' : tone}${size === 10 ? ' small' : ''}" x="${px(x + width + 4)}" y="${baseline}">${escaped(behind)}</text>` : text === null ? '' : `<text class="${on}${size === 10 ? ' small' : ''}${weight}" x="${px(isRequest ? x + 6 : clearX + clearWidth / 2)}" y="${baseline}"${isRequest ? '' : ' text-anchor="middle"'}>${escaped(text)}</text>`)
  );
}

/** The widest part of a bar that has no packet in it, so that its text can be read: where it begins, and how wide it is. */
function clearOf({ ticks }: Row, { fromMs, toMs }: Mark, x: number, width: number, view: View): [number, number] {
  const [first, end] = visibleRange(ticks, [fromMs, toMs]);
  // So many packets leave no room anyway.
  if (end - first > 200) return [x, 0];
  const edges = [x, ...ticks.slice(first, end).map((tick) => xOf(view, tick.fromMs)).filter((at) => at > x + 6 && at < x + width - 6), x + width];
  let best: [number, number] = [x, 0];
  for (let index = 1; index < edges.length; index++) {
    const [left = 0, right = 0] = [edges[index - 1], edges[index]];
    const inset = edges.length > 2 ? 3 : 0;
    if (right - left - 2 * inset > best[1]) best = [left + inset, right - left - 2 * inset];
  }
  return best;
}

/** Where the first bar or packet after a time is. */
function firstMarkX({ bars, ticks }: Row, afterMs: number, view: View): number {
  const next = [bars, ticks].flatMap((marks) => marks[firstIndex(marks, ({ fromMs }) => fromMs >= afterMs)] ?? []);
  return Math.min(...next.map(({ fromMs }) => xOf(view, fromMs)));
}

function drawShade(mark: Mark, x: number, y: number, width: number, height: number, left: number): string {
  const isFault = mark.look === 'shade';
  const hatch = isFault && width > 2 ? `<rect fill="url(#hatch)" x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"/>` : '';
  const edge = left >= x - 0.5 ? `<path class="edge-${mark.tone}" stroke-width="2" d="M${px(x)} ${px(y)}v${px(height)}"/>` : '';
  return `<rect class="${mark.look}" x="${px(x)}" y="${px(y)}" width="${px(Math.max(width, 1))}" height="${px(height)}"/>${hatch}${edge}`;
}

/** The interval between a packet and the one before it, as a line with its length in words, where that fits. */
function drawInterval({ labels }: Mark, sinceMs: number, x: number, y: number, view: View): string {
  const left = Math.max(xOf(view, sinceMs), view.plotX);
  const text = fitting(labels, x - left - 6, 10);
  const line = x - left < 4 ? '' : `<path class="line edge-failed" stroke-width="1" d="M${px(left + 1)} ${px(y + 1)}v3h${px(x - left - 2)}v-3"/>`;
  return line + (text === null ? '' : `<text class="fill-failed small halo-pale" x="${px((left + x) / 2)}" y="${px(y + 13.5)}" text-anchor="middle">${escaped(text)}</text>`);
}

/** How many pixels are free to the right of a tick, until the next one. */
function roomAfter(marks: readonly Mark[], index: number, x: number, view: View): number {
  const next = marks[index + 1];
  return Math.min(next ? xOf(view, next.fromMs) : Infinity, view.plotX + view.plotWidth) - x;
}

function drawTick(mark: Mark, x: number, y: number, height: number, room: number): string {
  const { look, tone, labels } = mark;
  const middle = y + height / 2;
  const filled = (d: string): string => `<path class="fill-${tone}" d="${d}"/>`;
  const stroked = (d: string): string => `<path class="line edge-${tone}" d="${d}"/>`;
  const at = `${px(x)} ${px(middle)}`;
  const shapes: Record<string, () => string> = {
    out: () => filled(`M${px(x - 3.6)} ${px(middle - 3.4)}h7.2l-3.6 7z`),
    in: () => filled(`M${px(x - 3.6)} ${px(middle + 3.4)}h7.2l-3.6 -7z`),
    reset: () => stroked(`M${px(x - 3.4)} ${px(middle - 3.4)}l6.8 6.8m0 -6.8l-6.8 6.8`),
    end: () => filled(`M${px(x - 2.2)} ${px(middle - 2.2)}h4.4v4.4h-4.4z`),
    question: () => stroked(`M${at}m-3 0a3 3 0 1 0 6 0a3 3 0 1 0 -6 0`),
    flag: () => stroked(`M${px(x)} ${px(y + 1)}v${px(height - 2)}`),
  };
  const size = 10;
  const text = look === 'flag' ? fitting(labels, room - 6, size) : null;
  return (shapes[look]?.() ?? '') + (text === null ? '' : `<text class="fill-${tone} small halo" x="${px(x + 4)}" y="${px(middle + 3.6)}">${escaped(text)}</text>`);
}

/** The number as an area of steps, with its last visible value in words. */
function drawSteps({ points, what, most: highest }: NonNullable<Row['steps']>, y: number, height: number, view: View): string {
  const [fromMs, toMs] = visibleMs(view);
  const right = view.plotX + view.plotWidth;
  const [bottom, tall] = [y + height - 2, height - 6];
  const most = Math.max(1, highest);
  const yOf = (value: number): string => px(bottom - (value / most) * tall);
  const [first, end] = [firstIndex(points, ({ atMs }) => atMs > fromMs), firstIndex(points, ({ atMs }) => atMs > toMs)];
  let d = `M${px(view.plotX)} ${px(bottom)}V${yOf(points[first - 1]?.value ?? 0)}`;
  let lastX = -Infinity;
  for (let index = first; index < end; index++) {
    const point = points[index];
    if (!point) continue;
    const x = xOf(view, point.atMs);
    // Half a pixel shows no step. The last one counts.
    if (x - lastX < 0.5 && index < end - 1) continue;
    d += `H${px(x)}V${yOf(point.value)}`;
    lastX = x;
  }
  const value = points[end - 1]?.value ?? 0;
  const word = `${value} ${what}`;
  return `<path class="steps" d="${d}H${px(right)}V${px(bottom)}z"/><text class="small halo" x="${px(view.plotX + 6)}" y="${px(y + 11)}">${word}</text>`;
}

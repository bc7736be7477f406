/** Draws the ladder of a request as SVG. */
import type { Ladder, LadderStep } from '../ladder.ts';
import { duration } from '../model.ts';
import { escaped, px, widthOf } from './text.ts';

/** A wait that gets a line of its own. */
const longMs = 90;
const stepPx = 21;
const waitPx = 28;
const headPx = 34;

/** Returns the inside of an SVG element and its height. `idOf` gives each step an id. */
export function drawLadder(ladder: Ladder, width: number, idOf?: (step: number) => string): { inner: string; height: number } {
  const { columns, steps, attempts } = ladder;
  const isNarrow = width < 640;
  const left = isNarrow ? 74 : 120;
  const right = isNarrow ? 24 : 90;
  const between = columns.length > 1 ? (width - left - right) / (columns.length - 1) : 0;
  const xOf = (name: string): number => left + between * Math.max(columns.findIndex((column) => column.name === name), 0);

  let y = headPx + 12;
  const ys: number[] = [];
  const waits: string[] = [];
  for (const [index, step] of steps.entries()) {
    const ms = step.atMs - (steps[index - 1]?.atMs ?? step.atMs);
    if (ms >= longMs) {
      waits.push(`<path class="rule" stroke-dasharray="2 3" d="M${px(left - 6)} ${px(y + 4)}H${px(width - 10)}"/><text class="dim small strong halo-paper" x="8" y="${px(y + 7.5)}">… ${duration(ms)} …</text>`);
      y += waitPx;
    }
    ys.push(y);
    y += stepPx;
  }
  const bottom = y + 4;
  const yAt = (ms: number): number => {
    const after = steps.findIndex(({ atMs }) => atMs >= ms);
    return ys[after < 0 ? ys.length - 1 : after] ?? bottom;
  };

  const heads = columns.map(({ name, tone }) => {
    const x = xOf(name);
    const shown = between > 0 && widthOf(name, 12.5) > between - 4 ? name.replace('backend-', 'b') : name;
    return `<path class="rule" d="M${px(x)} ${headPx - 8}V${px(bottom)}"/><text class="name fill-${tone}" x="${px(Math.min(x, width - widthOf(shown, 12.5) / 2 - 2))}" y="${headPx - 16}" text-anchor="middle">${escaped(shown)}</text>`;
  });
  const ends = steps.at(-1);
  const spans = [
    `<path class="edge-${ends?.tone === 'failed' ? 'failed' : 'ok'}" stroke-width="6" stroke-linecap="round" d="M${px(xOf('caller'))} ${px(ys[0] ?? 0)}V${px(ys.at(-1) ?? 0)}"/>`,
    ...attempts.map(({ fromMs, toMs, isConnected }) => `<path class="edge-${isConnected ? 'ok' : 'failed'}" stroke-width="5" d="M${px(xOf('client'))} ${px(yAt(fromMs))}V${px(Math.max(yAt(toMs), yAt(fromMs) + 3))}"/>`),
  ];
  let lastLabel = '';
  const drawn = steps.map((step, index) => {
    const at = ys[index] ?? 0;
    const label = timeLabel(step.atMs);
    const time = label === lastLabel ? '' : `<text class="dim small" x="${px(left - (isNarrow ? 22 : 40))}" y="${px(at + 3.6)}" text-anchor="end">${label}</text>`;
    lastLabel = label;
    const content = time + drawStep(step, at, xOf, width, isNarrow);
    return idOf ? `<g id="${idOf(index)}" role="img" aria-label="${escaped(`${label}: ${step.from === step.to ? step.from : `${step.from} to ${step.to}`}: ${step.text}${step.isLost ? ', does not arrive' : ''}`)}">${content}</g>` : `<g>${content}</g>`;
  });
  const more = ladder.leftOut > 0 ? `<text class="dim" x="${px(left)}" y="${px(bottom + 12)}">${ladder.leftOut} more steps are left out. The list below and events.ndjson have them.</text>` : '';
  return { inner: heads.join('') + waits.join('') + spans.join('') + drawn.join('') + more, height: bottom + (ladder.leftOut > 0 ? 22 : 8) };
}

function timeLabel(ms: number): string {
  return ms >= 10_000 ? `${(ms / 1_000).toFixed(2)} s` : `${ms.toFixed(1)} ms`;
}

function drawStep({ from, to, text, isLost, tone }: LadderStep, y: number, xOf: (name: string) => number, width: number, isNarrow: boolean): string {
  const [start, end] = [xOf(from), xOf(to)];
  const size = isNarrow ? 10 : 11;
  const cut = (room: number): string => (widthOf(text, size) <= room ? text : `${text.slice(0, Math.max(Math.floor((room / widthOf(text, size)) * text.length) - 1, 3))}…`);
  const small = isNarrow ? ' small' : '';
  if (start === end) return `<text class="fill-${tone} strong halo-paper${small}" x="${px(start + 9)}" y="${px(y + 3.8)}">${escaped(cut(width - start - 14))}</text>`;
  const isRight = end > start;
  // A packet that is lost ends before the column that it was for.
  const tip = isLost ? end - (isRight ? 12 : -12) : end - (isRight ? 2 : -2);
  const slope = 3;
  const d = `M${px(start + (isRight ? 2 : -2))} ${px(y)}L${px(tip)} ${px(y + slope)}`;
  const head = isLost ? `<path class="line edge-${tone}" d="M${px(tip - 4)} ${px(y + slope - 4)}l8 8m0 -8l-8 8"/>` : `<path class="fill-${tone}" d="M${px(tip)} ${px(y + slope)}l${isRight ? -7 : 7} -3.4v6.8z"/>`;
  return `<path class="line edge-${tone}" stroke-width="1.2" d="${d}"/>${head}<text class="fill-${tone} halo-paper${small}" x="${px(Math.min(start, end) + 10)}" y="${px(y - 4)}">${escaped(cut(Math.max(Math.abs(end - start) - 16, 40)))}</text>`;
}

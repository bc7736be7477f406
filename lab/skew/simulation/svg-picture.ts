/** The course of one simulation, or of several ones below each other, as an SVG picture: a line for each backend. */
import type { Outcome } from './outcome.ts';

const plot = { left: 50, top: 44, width: 720, height: 200, gap: 80 };
/** More lines than this cannot be told apart. Then every nth backend has one. */
const mostLines = 50;

export function svgPicture(outcomes: readonly ({ name: string } & Outcome)[]): string {
  const height = outcomes.length * (plot.height + plot.gap) + plot.top;
  // Panels that are compared have one scale.
  const top = Math.max(1.2, ...outcomes.map(({ peakOverFair, samples }) => Math.max(peakOverFair, ...samples.map(({ overFair }) => Math.max(...overFair))))) * 1.05;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${plot.left + plot.width + 30}" height="${height}" font-family="sans-serif" font-size="12">`,
    '<rect width="100%" height="100%" fill="white"/>',
    ...outcomes.flatMap((outcome, index) => panel(outcome, plot.top + index * (plot.height + plot.gap), top)),
    '</svg>',
    '',
  ].join('\n');
}

function panel({ name, samples, parameters: { hours, backends, clients }, peakOverFair, endOverFair }: { name: string } & Outcome, y: number, top: number): string[] {
  const xOf = (atS: number): number => plot.left + (atS / (hours * 3_600)) * plot.width;
  const yOf = (load: number): number => y + plot.height * (1 - load / top);
  const every = Math.ceil(backends / mostLines);
  const lines = Array.from({ length: Math.ceil(backends / every) }, (_, index) => index * every);
  const points = (load: (overFair: readonly number[]) => number): string => {
    const heights = samples.map(({ overFair }) => yOf(load(overFair)).toFixed(1));
    // In the middle of a level line, a point changes nothing.
    return samples.flatMap(({ atS }, index) => (heights[index] === heights[index - 1] && heights[index] === heights[index + 1] ? [] : [`${xOf(atS).toFixed(1)},${heights[index] ?? ''}`])).join(' ');
  };
  const step = top > 20 ? 10 : top > 8 ? 2 : top > 4 ? 1 : 0.5;
  const marks = Array.from({ length: Math.floor(top / step) + 1 }, (_, index) => index * step);
  return [
    `<text x="${plot.left}" y="${y - 24}" font-size="14" font-weight="bold">${name}</text>`,
    `<text x="${plot.left}" y="${y - 8}" fill="#555">load of each backend ÷ fair load; ${clients.toLocaleString('en')} clients, ${backends} backends${every > 1 ? `, one of ${every} is shown` : ''}; black: the fullest one; peak ${peakOverFair.toFixed(2)}, end ${endOverFair.toFixed(2)}</text>`,
    ...marks.map((mark) => `<path d="M${plot.left} ${yOf(mark).toFixed(1)}h${plot.width}" stroke="${mark === 1 ? '#333' : '#ddd'}"${mark === 1 ? ' stroke-dasharray="4 3"' : ''}/><text x="${plot.left - 6}" y="${(yOf(mark) + 4).toFixed(1)}" text-anchor="end">${mark}</text>`),
    ...lines.map((backend) => `<polyline points="${points((overFair) => overFair[backend] ?? 0)}" fill="none" stroke="hsl(${Math.round((300 * backend) / backends)} 70% 45%)" stroke-width="${lines.length > 20 ? 0.6 : 1.5}" opacity="${lines.length > 20 ? 0.6 : 0.9}"/>`),
    `<polyline points="${points((overFair) => Math.max(...overFair))}" fill="none" stroke="black" stroke-width="1.5"/>`,
    ...[0, 0.25, 0.5, 0.75, 1].map((part) => `<text x="${xOf(part * hours * 3_600).toFixed(1)}" y="${y + plot.height + 16}" text-anchor="middle">${Number((part * hours).toFixed(2))} h</text>`),
  ];
}

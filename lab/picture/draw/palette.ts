/** The colours of the pictures, for both themes, and the style sheet made of them. A test computes the contrast of each pair that the pictures use. */
import { hostColours } from '../hosts.ts';

/** `ink`: text. `dim`: text of less weight. `paper`: the page. `panel`: a lane. `edge`: its border. `wait`: the band of a long wait. `pale`: the inside of what failed. */
export interface Palette {
  paper: string;
  panel: string;
  edge: string;
  ink: string;
  dim: string;
  wait: string;
  pale: string;
  /** The inside of a time in which a fault heals. */
  healing: string;
  hatch: string;
  focus: string;
  /** The cells of the matrix: what came of a request, from the shortest time to the longest. `ink` is the text on them. */
  heat: Record<'answered' | 'error', readonly [fast: string, slow: string]>;
  /** A cell without an answer, and the text on it. */
  noAnswer: { fill: string; on: string };
  /** The fill of a bar, which is also the colour of text about it, and the colour of text on the bar. */
  tones: Record<string, { fill: string; on: string }>;
}

export const themes = ['light', 'dark'] as const;
export type Theme = (typeof themes)[number];

const on = (fills: Record<string, string>, text: string): Palette['tones'] => Object.fromEntries(Object.entries(fills).map(([name, fill]) => [name, { fill, on: text }]));

export const palettes: Record<Theme, Palette> = {
  light: {
    paper: '#ffffff', panel: '#f6f8fa', edge: '#d1d9e0', ink: '#1f2328', dim: '#59636e', wait: '#e9edf1', pale: '#fff0ee', healing: '#e9f7ec', hatch: '#f3b6b0', focus: '#0550ae',
    heat: { answered: ['#dbebfd', '#5b9ae2'], error: ['#fde9cf', '#df8a30'] }, noAnswer: { fill: '#4a4257', on: '#ffffff' },
    tones: {
      ...on({ ok: '#1a7f37', failed: '#c01c28', dns: '#0969da', healed: '#1a7f37', packet: '#1f2328', note: '#59636e', 'host-0': '#0b7078', 'host-1': '#8a5a00', 'host-2': '#7a48d0', 'host-3': '#b3307f', 'host-4': '#4d6a00', 'host-5': '#9a4a1c' }, '#ffffff'),
      client: { fill: '#d5dbe2', on: '#1f2328' },
      query: { fill: '#b6d7fb', on: '#0a3069' },
    },
  },
  dark: {
    paper: '#0d1117', panel: '#151b23', edge: '#3d444d', ink: '#e6edf3', dim: '#9da7b3', wait: '#222a34', pale: '#2d1315', healing: '#12301b', hatch: '#6b2a2c', focus: '#79c0ff',
    heat: { answered: ['#0f2338', '#2463ab'], error: ['#33220c', '#8f5416'] }, noAnswer: { fill: '#b9b2c6', on: '#0d1117' },
    tones: {
      ...on({ ok: '#3fb950', failed: '#ff7b72', dns: '#58a6ff', healed: '#3fb950', packet: '#e6edf3', note: '#9da7b3', 'host-0': '#39c5cf', 'host-1': '#e0a528', 'host-2': '#bc8cff', 'host-3': '#f778ba', 'host-4': '#a3c04a', 'host-5': '#f0935c' }, '#0d1117'),
      client: { fill: '#3b434d', on: '#e6edf3' },
      query: { fill: '#1d4a80', on: '#ddeeff' },
    },
  },
};

const fontStack = "system-ui, -apple-system, 'Segoe UI', Roboto, 'DejaVu Sans', Arial, sans-serif";

/** The rules for all classes of a picture. `scope` is put before each selector. */
export function pictureStyle(palette: Palette, scope = ''): string {
  const { paper, panel, edge, ink, dim, wait, pale, healing, hatch, focus } = palette;
  const rules: [string, string][] = [
    ['.paper', `fill:${paper}`],
    ['text', `fill:${ink};font-family:${fontStack};font-size:11px`],
    ['.lane', `fill:${panel};stroke:${edge}`],
    ['.name', 'font-weight:600;font-size:12.5px'],
    ['.title', 'font-weight:600;font-size:16px'],
    ['.small', 'font-size:10px'],
    ['.strong', 'font-weight:600'],
    ['.dim', `fill:${dim}`],
    ['.wait', `fill:${wait}`],
    ['.rule', `stroke:${edge};fill:none`],
    ['.axis', `stroke:${dim};fill:none`],
    ['.window', `stroke:${focus};fill:${focus};fill-opacity:.08`],
    ['.shade', `fill:${pale}`],
    ['.healing', `fill:${healing}`],
    ['.halo-healing', `stroke:${healing};stroke-width:3px;stroke-linejoin:round;paint-order:stroke`],
    ['.hatch', `stroke:${hatch};stroke-width:1.2;fill:none`],
    ['.dashed', `fill:${pale};stroke-dasharray:3.5 2;stroke-width:1.3`],
    ['.outline', `fill:${panel}`],
    ['.steps', `fill:${wait};stroke:${dim}`],
    ['.halo', `stroke:${panel};stroke-width:3px;stroke-linejoin:round;paint-order:stroke`],
    ['.halo-paper', `stroke:${paper};stroke-width:3px;stroke-linejoin:round;paint-order:stroke`],
    ['.halo-pale', `stroke:${pale};stroke-width:3px;stroke-linejoin:round;paint-order:stroke`],
    ['.current', `fill:none;stroke:${focus};stroke-width:2.5`],
    ['.faded', 'opacity:.22'],
    ...Object.entries(palette.tones).flatMap(([name, tone]): [string, string][] => [
      [`.fill-${name}`, `fill:${tone.fill}`],
      [`.edge-${name}`, `stroke:${tone.fill}`],
      [`.on-${name}`, `fill:${tone.on}`],
    ]),
    ['.edge-packet', `stroke:${palette.tones['packet']?.fill ?? ink}`],
    ['.edge-client', `stroke:${dim}`],
    ['.line', 'fill:none;stroke-width:1.6'],
  ];
  return rules.map(([selector, body]) => `${scope}${selector}{${body}}`).join('');
}

/** The style of a picture that stands alone: one theme, or the one that its viewer prefers. */
export function standaloneStyle(theme: Theme | 'both'): string {
  if (theme !== 'both') return pictureStyle(palettes[theme]);
  return `${pictureStyle(palettes.light)}@media (prefers-color-scheme:dark){${pictureStyle(palettes.dark)}}`;
}

/** The names of all tones that a palette must have. */
export const toneNames = ['ok', 'failed', 'client', 'dns', 'query', 'packet', 'healed', 'note', ...Array.from({ length: hostColours }, (_, index) => `host-${index}`)];

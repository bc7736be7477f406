/** Writes pages as HTML files that need nothing else: the text of each one can be read without its script. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { printableFields } from '../vocabulary/printable.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { palettes, pictureStyle, type Palette } from './draw/palette.ts';
import { dataElement, type PageData } from './page-data.ts';

/** What the build makes of lab/picture/page/. */
export interface PageParts {
  script: string;
  style: string;
}

/** A page: its title and its body as HTML, its style, and the script, if it has one. `data` is for the script. */
export interface Document {
  title: string;
  body: string;
  style: string;
  script?: string;
  data?: string;
  /** Whether the body has pictures. They are a part of the file (`data:`). */
  hasPictures?: boolean;
}

/** A longer text of an event is cut in the page. events.ndjson has all of it. */
const longestText = 1_000;
/** A page has at most this size. What its text leaves is for its data. */
const mostPage = 490_000;
/** A long text must not take all of it. */
const leastData = 200_000;

/** Returns the page of a run or of a comparison. `body` is HTML. `note` says what was left out of the data, if that was necessary. */
export function pageHtml({ title, data, parts, body }: { title: string; data: PageData; parts: PageParts; body: (note: string | null) => string }): string {
  const style = `${pictureRules()}${parts.style}`;
  const { encoded, note } = encode(data, Math.max(mostPage - style.length - parts.script.length - body(null).length, leastData));
  return documentHtml({ title, style, script: parts.script, data: encoded, body: body(note) });
}

/** Returns the whole file: light and dark, and with a policy that allows its own style and script, and nothing else. */
export function documentHtml({ title, body, style: rules, script, data, hasPictures = false }: Document): string {
  const style = `${inBothThemes(variables)}${rules}`;
  const policy = `default-src 'none'; ${script === undefined ? '' : `script-src '${hashOf(script)}'; `}style-src '${hashOf(style)}'; ${hasPictures ? 'img-src data:; ' : ''}base-uri 'none'; form-action 'none'`;
  return [
    '<!doctype html>',
    '<html lang="en">',
    `<head><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" content="${policy}">`,
    `<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark"><title>${title}</title>`,
    `<style>${style}</style></head>`,
    `<body>${body}`,
    ...(data === undefined ? [] : [`<script type="application/gzip" id="${dataElement}">${data}</script>`]),
    `${script === undefined ? '' : `<script>${script}</script>`}</body></html>`,
    '',
  ].join('\n');
}

/** The rules for the pictures of a page, in both themes. */
export function pictureRules(): string {
  return inBothThemes((palette) => pictureStyle(palette, 'svg '));
}

/** The rules of the light theme, and those of the dark one for a screen that prefers it. Paper is light. */
export function inBothThemes(rulesOf: (palette: Palette) => string): string {
  return `${rulesOf(palettes.light)}@media screen and (prefers-color-scheme:dark){${rulesOf(palettes.dark)}}`;
}

const hashOf = (text: string): string => `sha256-${createHash('sha256').update(text).digest('base64')}`;

/** The colours of a palette as custom properties: `var(--ink)`. */
export function variables({ paper, panel, edge, ink, dim, wait, pale, focus, tones }: Palette): string {
  const values = { paper, panel, edge, ink, dim, wait, pale, focus, ok: tones['ok']?.fill, failed: tones['failed']?.fill, link: tones['dns']?.fill };
  return `:root{${Object.entries(values).map(([name, value]) => `--${name}:${value ?? ''}`).join(';')}}`;
}

/** Base64 has no character that could end the element. */
function encode(data: PageData, mostData: number): { encoded: string; note: string | null } {
  const packed = (each: PageData): string => gzipSync(JSON.stringify({ ...each, runs: each.runs.map((run) => ({ ...run, events: run.events.map(shortened) })) })).toString('base64');
  const whole = packed(data);
  if (whole.length <= mostData) return { encoded: whole, note: null };
  const told = (event: TimelineEvent): boolean => event.witness !== 'backend' && event.witness !== 'load';
  const few = { ...data, runs: data.runs.map((run) => ({ ...run, events: run.events.filter(told) })) };
  const fewer = packed(few);
  if (fewer.length <= mostData) return { encoded: fewer, note: 'The events of the backends and of the load would make this page too large, so it does not show them. events.ndjson has them.' };
  return begun(few, mostData, fewer.length, packed);
}

/** The first events, so many that the page stays small enough. */
function begun(data: PageData, mostData: number, length: number, packed: (each: PageData) => string): { encoded: string; note: string | null } {
  for (let share = (0.95 * mostData) / length; ; share *= 0.8) {
    const runs = data.runs.map((run) => {
      const events = run.events.slice(0, Math.max(Math.floor(run.events.length * share), 1));
      const lastMs = events.at(-1)?.tMs ?? 0;
      return { ...run, events, findings: { ...run.findings, attempts: run.findings.attempts.filter(({ startMs }) => startMs <= lastMs) } };
    });
    const encoded = packed({ ...data, runs });
    if (encoded.length > mostData && share > 0.001) continue;
    const told = runs.map(({ name, events }, index) => `${events.length} of ${data.runs[index]?.events.length ?? 0} events${runs.length > 1 ? ` of ${name}` : ''}`);
    return { encoded, note: `The picture shows the first ${told.join(', and ')}: more would make this page too large.` };
  }
}

function shortened(event: TimelineEvent): TimelineEvent {
  for (const value of Object.values(event)) if (Array.isArray(value) || (typeof value === 'string' && value.length > longestText)) return printableFields(event, longestText);
  return event;
}

/** What a picture of a run consists of. It has times in milliseconds and no pixels: lab/picture/draw/ makes pixels of it. */
import type { Findings } from '../analysis/findings.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';

/** What a picture is made from: a run of the lab, or a capture from elsewhere. It is data, so that a page can hold it. */
export interface PicturedRun {
  /** What the picture calls it: the scenario and the client, or the file and the client's address. */
  name: string;
  events: readonly TimelineEvent[];
  findings: Pick<Findings, 'attempts' | 'byRequest'>;
  hosts: PicturedHosts;
  /** When the picture begins, if nothing happened before. */
  startMs: number;
}

/** A server that the client may meet. It has a lane. */
export interface PicturedServer {
  name: string;
  addresses: readonly string[];
  /** Stands below the name, where the name alone does not say which server it is. */
  address?: string;
}

/** The hosts of a lab, or those that a capture from elsewhere shows. */
export interface PicturedHosts {
  /** In the order of their lanes. */
  servers: readonly PicturedServer[];
  /** The names of the other hosts, by their addresses. */
  others: Readonly<Record<string, string>>;
}

/** What a mark means, and so its colour. `host-0` to `host-5`: a server. */
export type Tone = 'ok' | 'failed' | 'client' | 'dns' | 'query' | 'packet' | 'healed' | 'note' | `host-${number}`;

/** One thing that a reader can look at: it has a time, a text, and the events that it stands for. */
export interface Mark {
  fromMs: number;
  /** Equal to `fromMs` for a moment. */
  toMs: number;
  tone: Tone;
  /**
   * `solid`, `dashed` (something failed) and `outline` are bars. `line`: a connection that is kept. `shade`: a fault, `healing`: the time until it is healed. `out` and `in`: a packet of the
   * client, and one to it. `reset`, `end`, `flag`, `question`: an RST, a FIN, a remark, and the question for a neighbour's hardware address.
   */
  look: 'solid' | 'dashed' | 'outline' | 'line' | 'shade' | 'healing' | 'out' | 'in' | 'reset' | 'end' | 'flag' | 'question';
  /** What stands in or beside the mark: the longest one that fits. For a packet that was sent again: the interval. */
  labels: readonly string[];
  /** What the mark says in full. */
  title: string;
  /** The indexes of its events. */
  events: readonly number[];
  /** For a packet that was sent again: when the one before left. */
  sinceMs?: number | undefined;
  /** The request that it belongs to, if one does. */
  request?: number | undefined;
}

/** A row of marks. In each layer the marks are in the order of their times. */
export interface Row {
  label: string;
  /** `intervals`: a tall row with a line of text below, for the intervals between packets. */
  height: 'tall' | 'middle' | 'low' | 'intervals';
  /** Text that does not fit into a bar may stand behind it. */
  textBehind?: boolean;
  shades: Mark[];
  lines: Mark[];
  bars: Mark[];
  ticks: Mark[];
  /** A number that changes over time, drawn as steps. */
  steps?: { points: readonly { atMs: number; value: number }[]; what: string; most: number };
}

/** What one entity did: the caller, the DNS server, a server. */
export interface Lane {
  name: string;
  /** Stands below the name: the address of a server whose name alone does not say which one it is. */
  address?: string | undefined;
  tone: Tone;
  rows: Row[];
}

/** A request of the caller. */
export interface PicturedRequest {
  request: number;
  title: string;
  fromMs: number;
  toMs: number;
}

/** One run. A picture that compares has several. All times are shifted by `shiftMs` where it compares. */
export interface Section {
  name: string;
  lanes: Lane[];
  requests: PicturedRequest[];
  startMs: number;
  endMs: number;
  /** The times at which something happens, for the warped scale. */
  timesMs: number[];
}

export const layers = ['shades', 'lines', 'bars', 'ticks'] as const;
export type Layer = (typeof layers)[number];

export function emptyRow(label: string, height: Row['height'], marks: Partial<Row> = {}): Row {
  return { label, height, shades: [], lines: [], bars: [], ticks: [], ...marks };
}

/** `0.02 ms`, `9.8 ms`, `371 ms`, `1.01 s`. */
export function duration(ms: number): string {
  if (Math.abs(ms) < 0.095 && ms !== 0) return `${ms.toFixed(2)} ms`;
  if (Math.abs(ms) < 9.95) return `${ms.toFixed(1)} ms`;
  return Math.abs(ms) < 999.5 ? `${ms.toFixed(0)} ms` : `${(ms / 1_000).toFixed(2)} s`;
}

/** An address of the lab as short as a reader needs it: `.11` and `::11`. Other addresses stay. */
export function shortAddress(address: string): string {
  return address.replace(/^198\.51\.100(?=\.\d+$)/, '').replace(/^2001:db8:1::(?=[^:]+$)/, '::');
}

/** Whether any two of the marks would overlap in one row; so it gives each mark the first of `rows` in which it is free. At most `most` rows. */
export function stacked(marks: readonly Mark[], most: number): Mark[][] {
  const rows: { marks: Mark[]; endMs: number }[] = [];
  for (const mark of marks.toSorted((one, other) => one.fromMs - other.fromMs)) {
    const free = rows.find(({ endMs }) => endMs <= mark.fromMs) ?? (rows.length < most ? rows[rows.push({ marks: [], endMs: 0 }) - 1] : rows.toSorted((one, other) => one.endMs - other.endMs)[0]);
    if (!free) continue;
    free.marks.push(mark);
    free.endMs = Math.max(free.endMs, mark.toMs);
  }
  return rows.map((row) => row.marks);
}

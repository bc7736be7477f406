/** Makes the model of a picture from one or several runs. */
import type { TimelineEvent } from '../vocabulary/events.ts';
import { serverLane } from './lanes/servers.ts';
import { callerLane } from './lanes/caller.ts';
import { dnsLane } from './lanes/dns.ts';
import { flagsOn } from './lanes/faults.ts';
import { flowsOf } from './flows.ts';
import { emptyRow, layers, type Lane, type Mark, type PicturedRun, type Section } from './model.ts';
import { warpedScale, trueScale, type Scale } from './scale.ts';

/** Returns what happened in a run, or in a capture, as lanes. The lab's own looking before and after a run is not a part of it. */
export function sectionOf(run: PicturedRun): Section {
  const shown = run.events.filter(isShown);
  const startMs = Math.min(run.startMs, shown[0]?.tMs ?? run.startMs);
  const endMs = Math.max(shown.at(-1)?.tMs ?? 0, startMs + 1);
  const flows = flowsOf(run.events);
  const { lane: caller, requests } = callerLane(run, flows, endMs);
  const notes = flagsOn(run.events, 'client');
  if (notes.length > 0) caller.rows.unshift(emptyRow('notes', 'low', { ticks: notes }));
  const lanes = [caller, dnsLane(run, endMs), ...run.hosts.servers.map((_, server) => serverLane(run, flows, server, endMs))].filter((lane): lane is Lane => lane !== null && lane.rows.length > 0);
  // All servers have one scale for their load.
  const steps = lanes.flatMap(({ rows }) => rows.flatMap((row) => (row.steps ? [row.steps] : [])));
  for (const each of steps) each.most = Math.max(...steps.map(({ points }) => points.length));
  const timesMs = [...new Set(lanes.flatMap(({ rows }) => rows.flatMap((row) => layers.flatMap((layer) => row[layer].flatMap(({ fromMs, toMs }) => [fromMs, toMs])))))];
  return { name: run.name, lanes, requests, startMs, endMs, timesMs };
}

/** From the first moment of the scenario to the last thing that the client or a fault did. */
function isShown({ tMs, witness }: TimelineEvent): boolean {
  return tMs >= 0 && (witness === 'client' || witness === 'wire' || witness === 'fault' || witness === 'load' || witness === 'lab');
}

/** The axis of a picture: all its sections share it. */
export function scaleOver(sections: readonly Section[], kind: Scale['kind']): Scale {
  const [startMs, endMs] = [Math.min(...sections.map((each) => each.startMs)), Math.max(...sections.map((each) => each.endMs))];
  return kind === 'warped' ? warpedScale(sections.flatMap(({ timesMs }) => timesMs), startMs, endMs) : trueScale(startMs, endMs);
}

/** The same section with all times later by `byMs`. */
export function shifted(section: Section, byMs: number): Section {
  const move = (mark: Mark): Mark => ({ ...mark, fromMs: mark.fromMs + byMs, toMs: mark.toMs + byMs });
  return {
    ...section,
    startMs: section.startMs + byMs,
    endMs: section.endMs + byMs,
    timesMs: section.timesMs.map((ms) => ms + byMs),
    requests: section.requests.map((request) => ({ ...request, fromMs: request.fromMs + byMs, toMs: request.toMs + byMs })),
    lanes: section.lanes.map((lane) => ({ ...lane, rows: lane.rows.map((row) => ({ ...row, shades: row.shades.map(move), lines: row.lines.map(move), bars: row.bars.map(move), ticks: row.ticks.map(move), ...(row.steps && { steps: { ...row.steps, points: row.steps.points.map(({ atMs, value }) => ({ atMs: atMs + byMs, value })) } }) })) })),
  };
}

/** Reads a run from its folder: what `lab report` and `lab compare` show again. */
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { findingsOf } from '../analysis/findings.ts';
import type { Plot } from '../analysis/plot.ts';
import type { Journal } from '../run/journal.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { parseTimelineEvent } from '../vocabulary/json-lines.ts';
import { excerpt } from '../vocabulary/printable.ts';
import { resolverNames } from '../vocabulary/resolvers.ts';
import { createTopology, type Topology, type TopologyChange } from '../vocabulary/topology.ts';
import type { RunToShow } from './timeline-page.ts';

const nullable = v.nullable(v.string());
const numbers = v.array(v.number());
const captioned = { title: v.string(), caption: v.string() };
const plotKind: v.GenericSchema<unknown, Plot> = v.variant('kind', [
  v.object({ kind: v.literal('ruler'), ...captioned, rows: v.array(v.object({ label: v.string(), atMs: numbers, isMeasured: v.boolean() })), end: v.nullable(v.object({ atMs: v.number(), what: v.string() })) }),
  v.object({ kind: v.literal('shares'), ...captioned, names: v.array(v.string()), counted: v.array(v.object({ what: v.string(), counts: numbers })) }),
  v.object({
    kind: v.literal('sweep'), ...captioned, set: v.string(), measured: v.string(), series: v.array(v.string()), diagonal: nullable,
    points: v.array(v.object({ setMs: v.number(), measuredMs: v.number(), series: v.string() })),
    change: v.nullable(v.object({ fromMs: v.number(), toMs: v.number(), what: v.string() })),
  }),
]);
/** The fields that every version of the lab has written, and that a page shows. */
const journalKind = v.looseObject({
  scenario: v.string(),
  driver: v.string(),
  client: v.string(),
  seed: v.number(),
  status: v.picklist(['completed', 'failed', 'interrupted', 'disturbed']),
  verdict: v.picklist(['pass', 'fail', 'unknown']),
  startedAt: v.string(),
  durationMs: v.number(),
  clientAddresses: v.array(v.string()),
  network: v.optional(v.object({
    backends: v.optional(v.number()),
    clientIpv4: v.optional(v.string()),
    clientIpv6: v.optional(nullable),
    ipv6Network: v.optional(v.string()),
    backendIpv6Networks: v.optional(v.array(v.string())),
    resolvConf: v.optional(v.array(v.string())),
    resolver: v.optional(v.picklist(resolverNames)),
    serveStale: v.optional(v.boolean()),
  })),
  resolvConf: v.nullable(v.array(v.string())),
  platform: v.looseObject({ kernel: v.string(), node: v.string(), engine: nullable, clientVersion: nullable }),
  error: nullable,
  doubts: v.array(v.string()),
  checks: v.array(v.object({ text: v.string(), verdict: v.picklist(['pass', 'fail', 'unknown']), observed: v.string() })),
  findings: v.looseObject({ perBackend: v.record(v.string(), v.number()) }),
  command: v.optional(nullable, null),
  plot: v.optional(v.nullable(plotKind), null),
  resolver: v.optional(v.nullable(v.object({ name: v.picklist(resolverNames), version: v.string(), serveStale: v.boolean() })), null),
  resolvConfGiven: v.optional(v.array(v.string()), []),
  optionsNotApplied: v.optional(v.array(v.string()), []),
  about: v.optional(v.object({ title: v.string(), teaches: v.string(), predict: v.string(), explains: v.string(), sources: v.array(v.string()) })),
});

/**
 * Returns a run. Its findings are measured again from its events, so that an old run has the findings of this version. `aboutOf` knows what a scenario asks:
 * older journals do not say it.
 * @throws {LabError} BAD_INPUT if there is no such folder, if it lacks a file of a run, or if a line is no event.
 */
export function readRunFolder(folder: string, aboutOf: (scenario: string) => Journal['about'] | null): RunToShow {
  if (!existsSync(folder)) throw new LabError('BAD_INPUT', `There is no folder \`${folder}\`. Expected the folder of a run, such as results/latest.`);
  if (!statSync(folder).isDirectory()) throw new LabError('BAD_INPUT', `Expected the folder of a run, such as results/latest, got the file \`${folder}\`.`);
  const told = readJournal(folder);
  const events = readEvents(folder);
  const topology = topologyOf(told, join(folder, 'journal.json'));
  const findings = findingsOf(events.filter(({ tMs }) => tMs >= 0), topology);
  const about = told.about ?? aboutOf(told.scenario) ?? { title: '', teaches: '', predict: '', explains: '', sources: [] };
  return { journal: { ...(told as unknown as Journal), about, findings }, events, topology, hasCapture: existsSync(join(folder, 'wire.pcapng')) };
}

type Told = v.InferOutput<typeof journalKind>;

function readJournal(folder: string): Told {
  const file = join(folder, 'journal.json');
  let json: unknown;
  try {
    json = JSON.parse(readText(folder, 'journal.json'));
  } catch (error) {
    if (error instanceof LabError) throw error;
    throw new LabError('BAD_INPUT', `Expected \`${file}\` to be the journal of a run: ${messageOf(error)}`, { cause: error });
  }
  const { success, output, issues } = v.safeParse(journalKind, json);
  if (success) return output;
  const [issue] = issues;
  throw new LabError('BAD_INPUT', `Expected \`${file}\` to be the journal of a run, but \`${v.getDotPath(issue) ?? 'the file'}\` is not what a journal has: ${issue.message}`);
}

function readEvents(folder: string): TimelineEvent[] {
  const lines = readText(folder, 'events.ndjson').split('\n');
  return lines.flatMap((line, index) => {
    if (line === '' && index === lines.length - 1) return [];
    const event = parseTimelineEvent(line);
    if (event === undefined) throw new LabError('BAD_INPUT', `Line ${index + 1} of \`${join(folder, 'events.ndjson')}\` is not an event of this version of the lab (docs/results.md lists them all): ${line === '' ? 'it is empty' : excerpt(line, 120)}`);
    return [event];
  }).sort((one, other) => one.tMs - other.tMs);
}

function readText(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    throw new LabError('BAD_INPUT', `Expected \`${folder}\` to be the folder of a run, such as results/latest, with journal.json and events.ndjson: ${messageOf(error)}`, { cause: error });
  }
}

/** The topology of a run, from what its journal says. Older journals say it by the client's addresses alone. */
function topologyOf({ network, clientAddresses: [ipv4 = '', ipv6 = ''], resolvConf, findings }: Told, file: string): Topology {
  if (network) return createTopology(network as TopologyChange);
  const without = (address: string): string => address.replace(/\/\d+$/, '');
  const host = '0:8000::200';
  if (!without(ipv6).endsWith(host)) throw new LabError('BAD_INPUT', `Expected the second of \`clientAddresses\` in \`${file}\` to end with ${host}, got \`${ipv6}\`.`);
  return createTopology({ backends: Object.keys(findings.perBackend).length, clientIpv4: without(ipv4), ipv6Network: without(ipv6).slice(0, -host.length), ...(resolvConf && { resolvConf }) });
}

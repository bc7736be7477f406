/** Reads from the files of a run what the model needs: the client's addresses, the answers that DNS sent to it, and its connections. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { parseTimelineEvent } from '../../vocabulary/json-lines.ts';
import { webName } from '../../vocabulary/topology.ts';
import { mechanismOf, type Mechanism } from '../mechanism/mechanism.ts';
import { parseAddress, parseHostAddress, type Address, type HostAddress } from './address.ts';

export interface RunFacts {
  scenario: string;
  client: string;
  /** How our own client looks names up; the default for others. */
  resolver: string;
  resultOrder: string;
  addresses: HostAddress[];
  /** Each address that DNS offered, in the order in which it first did. */
  offered: Address[];
  /** The answers to each lookup: the A answer, and then the AAAA answer. */
  sent: Address[][];
  /** How many connections the client opened to each address that was offered. */
  connections: Map<string, number>;
  /** What explains the shares of the requests, by the events of the run; null for none of the known mechanisms. */
  mechanism: Mechanism | null;
}

const journalKind = v.object({ scenario: v.string(), client: v.string(), clientOptions: v.object({ resolver: v.string(), resultOrder: v.string() }), clientAddresses: v.array(v.string()), resolver: v.optional(v.nullable(v.object({ name: v.string() }))) });
const eventKind = v.object({ event: v.string(), tMs: v.number(), from: v.optional(v.string()), name: v.optional(v.string()), type: v.optional(v.string()), address: v.optional(v.string()), addresses: v.optional(v.array(v.string())) });

/** @throws {LabError} BAD_INPUT if the folder holds no run, or the run has no lookup or no connection. */
export function readRun(folder: string): RunFacts {
  const journal = parseJournal(folder);
  if (journal.resolver) throw new LabError('BAD_INPUT', `Expected a run in which each new connection asks DNS, got \`${folder}\` (${journal.scenario}), where ${journal.resolver.name} kept the answers. The model knows no cache: bin/lab simulate --preset shared-cache (docs/skew.md).`);
  const addresses = journal.clientAddresses.map((text) => parseHostAddress(text, join(folder, 'journal.json')));
  const lines = readText(folder, 'events.ndjson').split('\n').filter((line) => line !== '');
  const events = lines.map((line) => v.safeParse(eventKind, JSON.parse(line)));
  const ofClient = events.flatMap(({ success, output }) => (success && output.tMs >= 0 && addresses.some(({ text }) => text === output.from) ? [output] : []));
  const answers = (type: string): string[][] => ofClient.flatMap((each) => (each.event === 'dns:answer' && each.type === type && each.name === webName ? [each.addresses ?? []] : []));
  const [a, aaaa] = [answers('A'), answers('AAAA')];
  const sent = Array.from({ length: Math.max(a.length, aaaa.length) }, (_, index) => [...(a[index] ?? []), ...(aaaa[index] ?? [])]).filter(({ length }) => length > 0);
  const offered = [...new Set(sent.flat())];
  const accepted = ofClient.filter(({ event }) => event === 'backend:accept').map(({ address }) => address);
  const connections = new Map(offered.map((address) => [address, accepted.filter((each) => each === address).length]));
  if (offered.length === 0) throw new LabError('BAD_INPUT', `Expected a run in which the client looks ${webName} up, got \`${folder}\` (${journal.scenario}) without an answer to the client.`);
  const parse = (text: string): Address => parseAddress(text, join(folder, 'events.ndjson'));
  return { scenario: journal.scenario, client: journal.client, ...journal.clientOptions, addresses, offered: offered.map(parse), sent: sent.map((list) => list.map(parse)), connections, mechanism: mechanismOf(lines.flatMap((line) => parseTimelineEvent(line) ?? []), addresses) };
}

function parseJournal(folder: string): v.InferOutput<typeof journalKind> {
  const text = readText(folder, 'journal.json');
  let journal: unknown;
  try {
    journal = JSON.parse(text);
  } catch (error) {
    throw new LabError('BAD_INPUT', `Expected \`${join(folder, 'journal.json')}\` to be the journal of a run: ${messageOf(error)}`, { cause: error });
  }
  if (!v.is(journalKind, journal)) throw new LabError('BAD_INPUT', `Expected \`${join(folder, 'journal.json')}\` to be the journal of a run with the client's addresses. An older version of the lab did not write them: run the scenario again.`);
  return journal;
}

function readText(folder: string, file: string): string {
  try {
    return readFileSync(join(folder, file), 'utf8');
  } catch (error) {
    throw new LabError('BAD_INPUT', `Expected \`--from\` to be the folder of a run, such as results/latest, got \`${folder}\`: ${messageOf(error)}`, { cause: error });
  }
}

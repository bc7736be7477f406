/** The matrix of the runs that several machines have made: what `lab matrix` would have written on one machine. */
import * as v from 'valibot';
import { cellOf, type Cell, type Reading } from '../analysis/cells.ts';
import { readingKind, type Matrix, type MatrixClient } from '../report/matrix/matrix.ts';
import { columnNames, commonFacts } from '../shards/machines.ts';
import type { MadeRun, Merged } from '../shards/merge.ts';
import { cellKey } from '../shards/assign.ts';
import { partsOf, type PlannedClient } from '../shards/plan.ts';
import type { Header } from '../shards/result-lines.ts';
import { readValue } from '../vocabulary/values.ts';
import { groupsOf, matrixSettings } from './matrix-runs.ts';

/** A client on one kind of machine: a column of its own. */
interface Column {
  name: string;
  client: string;
  version: string | null;
  runs: Map<string, MadeRun[]>;
}

/** Returns the matrix. A cell without any run is not in it, and a cell that lacks runs says how many. @throws {LabError} BAD_INPUT for a result that is no reading */
export function mergedMatrix({ plan, files, made, missing }: Merged): Matrix {
  const headers = files.map(({ header }) => header);
  const nameOn = columnNames(headers);
  const columns = new Map<string, Column>();
  for (const run of made) {
    const { name: failure, client } = partsOf(run.id);
    const name = nameOn(client, client, run.header);
    const column = columns.get(name) ?? { name, client, version: run.header.clients.find((each) => each.name === client)?.version ?? null, runs: new Map<string, MadeRun[]>() };
    columns.set(name, column);
    const runs = column.runs.get(failure);
    if (runs) runs.push(run);
    else column.runs.set(failure, [run]);
  }
  const missingIn = new Map([...Map.groupBy(missing, ({ id }) => cellKey(id))].map(([key, runs]) => [key, runs.length]));
  const { repeat, failures, patienceMs } = matrixSettings(plan);
  const ofClient = Map.groupBy([...columns.values()].sort((one, other) => (one.name < other.name ? -1 : 1)), ({ client }) => client);
  const sorted = plan.clients.flatMap(({ name }) => ofClient.get(name) ?? []);
  return {
    startedAt: headers.map(({ startedAt }) => startedAt).sort()[0] ?? '',
    command: plan.command,
    machine: commonFacts(files),
    repeat,
    patienceMs,
    clients: plan.clients.flatMap((client): MatrixClient[] => {
      const measured = ofClient.get(client.name) ?? [];
      return measured.length > 0 ? measured.map(({ name, version }) => ({ name, version })) : [absentClient(client, headers)];
    }),
    groups: groupsOf(failures),
    cells: sorted.flatMap(({ name, client, version, runs }) => failures.flatMap((failure): Cell[] => {
      const own = runs.get(failure) ?? [];
      if (own.length === 0) return [];
      const lacks = missingIn.get(`${failure}/${client}`) ?? 0;
      return [{ ...cellOf(name, version, failure, own.map(readingOf)), ...(lacks > 0 && { missing: lacks }) }];
    })),
  };
}

/** A client that no machine had, and why: as a machine says, or as the plan says. */
function absentClient({ name, reason }: PlannedClient, headers: readonly Header[]): MatrixClient {
  const [told = reason] = headers.flatMap(({ clients }) => clients.find((client) => client.name === name)?.reason ?? []);
  return { name, version: null, ...(told !== undefined && { reason: told }) };
}

function readingOf({ id, result }: MadeRun): Reading {
  // There may be 10^5 of them, and reading a value copies it.
  const reading: unknown = result;
  return v.is(readingKind, reading) ? (reading as Reading) : readValue(readingKind, result, id, 'a result');
}

/** What `lab matrix` measured: the content of matrix.json, and how it is read again. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import * as v from 'valibot';
import type { Cell, Reading } from '../../analysis/cells.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';

/** A failure of the matrix: its name as a scenario, its heading, what the time in its cells measures, and what its summary answers. */
export interface MatrixFailure {
  name: string;
  title: string;
  measures: string;
  question: string;
  /** What puts clients together in the summary. */
  groupBy: 'time' | 'remark';
}

export interface MatrixGroup {
  title: string;
  failures: MatrixFailure[];
}

export interface Matrix {
  startedAt: string;
  command: string;
  /** Facts of the machine, each with its name. */
  machine: Record<string, string>;
  /** Runs of each cell. */
  repeat: number;
  /** How long the lab waited for an answer, in ms. */
  patienceMs: number;
  /** A client that was not found has no version. */
  clients: MatrixClient[];
  groups: MatrixGroup[];
  cells: Cell[];
}

export interface MatrixClient {
  name: string;
  version: string | null;
  /** Why it was not found. */
  reason?: string | undefined;
}

/** The text of matrix.json, in pieces: of many runs, it is larger than all that the matrix takes in memory. */
export function* matrixText({ cells, ...head }: Matrix): Generator<string> {
  yield `${JSON.stringify(head, null, 2).replace(/\n\}$/, '')},\n  "cells": [`;
  for (const [index, cell] of cells.entries()) yield `${index === 0 ? '' : ','}\n    ${JSON.stringify(cell, null, 2).replaceAll('\n', '\n    ')}`;
  yield `${cells.length === 0 ? '' : '\n  '}]\n}\n`;
}

/** The matrix without what each run showed: what is published, and compared with a later one. */
export function withoutReadings(matrix: Matrix): Matrix {
  return { ...matrix, cells: matrix.cells.map((cell) => ({ ...cell, readings: [], outcomes: cell.outcomes.map((outcome) => ({ ...outcome, directory: '' })) })) };
}

/** The clients that were measured, in the order of the lab. */
export function measuredClients({ clients }: Pick<Matrix, 'clients'>): MatrixClient[] {
  return clients.filter(({ version }) => version !== null);
}

/** The cell of a client and a failure. Undefined if it was not measured. */
export function cellAt({ cells }: Pick<Matrix, 'cells'>, client: string, failure: string): Cell | undefined {
  return cells.find((cell) => cell.client === client && cell.failure === failure);
}

/** The family of a client is the first word of its name: `node` of `node-18-fetch`, `axios` of `axios?timeout=1000`, `curl` of `/usr/bin/curl -sS {url}`. */
export function familyOf(client: string): string {
  const program = basename(client.trim().split(/\s/)[0] ?? '');
  return program.split(/[-?]/)[0] || program;
}

const text = v.nullable(v.string());
const milliseconds = v.nullable(v.number());
/** `scenario/time`, in the folder of matrix.json and nowhere else. Empty if nothing was run, because the client cannot. */
const directory = v.pipe(v.string(), v.regex(/^$|^[^./\\][^/\\]*\/[^./\\][^/\\]*$/, 'Expected the folder of a run, such as matrix-first-silent/2026-01-31T12-00-00.000Z'));

/** One reading of a cell, in matrix.json and in the line of a shard's file. */
export const readingKind: v.GenericSchema<unknown, Reading> = v.object({ outcome: text, delayMs: milliseconds, remark: text, directory, trouble: text });

const matrixKind = v.object({
  startedAt: v.string(),
  command: v.string(),
  machine: v.record(v.string(), v.string()),
  repeat: v.number(),
  patienceMs: v.number(),
  clients: v.array(v.object({ name: v.string(), version: text, reason: v.optional(v.string()) })),
  groups: v.array(v.object({ title: v.string(), failures: v.array(v.object({ name: v.string(), title: v.string(), measures: v.string(), question: v.string(), groupBy: v.picklist(['time', 'remark']) })) })),
  cells: v.array(v.object({
    client: v.string(),
    version: text,
    failure: v.string(),
    outcomes: v.array(v.object({ outcome: v.string(), count: v.number(), medianMs: milliseconds, minMs: milliseconds, maxMs: milliseconds, remarks: v.array(v.string()), directory })),
    unknown: v.number(),
    missing: v.optional(v.number()),
    readings: v.array(readingKind),
  })),
});

/** Returns the matrix in a file. @throws {LabError} BAD_INPUT if there is no such file, or if it is not what this version of `lab matrix` writes. */
export function readMatrix(file: string): Matrix {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw new LabError('BAD_INPUT', `There is no matrix: expected the file \`${file}\`, which \`lab matrix\` writes. To measure one: make matrix`);
    throw new LabError('BAD_INPUT', `Expected \`${file}\` to be a matrix, which \`lab matrix\` writes: ${messageOf(error)}`, { cause: error });
  }
  const { success, output, issues } = v.safeParse(matrixKind, json);
  if (success) return output;
  const [issue] = issues;
  throw new LabError('BAD_INPUT', `Expected \`${file}\` to be a matrix of this version of the lab, but \`${v.getDotPath(issue) ?? 'the file'}\` is not what it has: ${issue.message}. To measure it again: make matrix`);
}

/** A copy of this project in a folder of its own, for tests that change its files. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { localRuntime } from '../network/programs.ts';

const copied = ['.dockerignore', 'Dockerfile', 'compose.yaml', 'package.json', 'package-lock.json', 'lab', 'services', 'client'];

export interface ProjectCopy {
  root: string;
  /** Replaces the content of a file by what `change` makes of it. */
  edit(file: string, change: (text: string) => string): void;
}

/** Returns a copy with all that the docker driver reads, and with this project's node_modules. It is removed when the test ends. */
export function copyProject(): ProjectCopy {
  const root = mkdtempSync(join(tmpdir(), 'project-copy-'));
  onTestFinished(() => { rmSync(root, { recursive: true }); });
  for (const name of copied) cpSync(join(localRuntime.root, name), join(root, name), { recursive: true });
  symlinkSync(join(localRuntime.root, 'node_modules'), join(root, 'node_modules'));
  return { root, edit: (file, change) => { writeFileSync(join(root, file), change(readFileSync(join(root, file), 'utf8'))); } };
}

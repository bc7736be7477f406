/** Starts the command line from its build. bin/lab runs this file. */
import { dirname } from 'node:path';
import { buildOf } from './build.ts';

const root = dirname(dirname(import.meta.dirname));
const build = buildOf(root);
await import(build === null ? '../cli/main.ts' : `${build}/lab/cli/main.cjs`);

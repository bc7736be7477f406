/** A scenario that is not in the table of the lab, but in a file of somebody's own repository: `lab run ./failover/checkout.scenario.ts`. */
import { existsSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Scenario } from '../run/scenario.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import { programFile, projectRoot } from '../vocabulary/project.ts';

const extension = /\.[cm]?[jt]s$/;

/** Whether a word of the command line names a file and not a scenario of the table. */
export function isScenarioFile(word: string): boolean {
  return word.includes('/') || extension.test(word);
}

/** The name of a scenario in a file: `checkout` for `failover/checkout.scenario.ts`. Its results have this name. */
export function nameOfFile(path: string): string {
  return basename(path).replace(extension, '').replace(/\.scenario$/, '');
}

/**
 * Loads the scenario that the file exports: its default export, or its only one that is a scenario. Node strips the types of a TypeScript file.
 * @throws {LabError} BAD_INPUT where there is no such file, where it cannot be loaded, and where it does not export one scenario.
 */
export async function loadScenario(path: string): Promise<Scenario> {
  const file = resolve(path);
  if (!existsSync(file)) throw new LabError('BAD_INPUT', `There is no file ${path} (${file}).`);
  resolveOwnImports();
  let exported: Record<string, unknown>;
  try {
    exported = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (error) {
    throw new LabError('BAD_INPUT', `Could not load the scenario ${path}: ${messageOf(error)}${whereIn(error, file)}`, { cause: error });
  }
  // A CommonJS file has its exports as the default export, too.
  const found = new Set([...Object.values(exported), ...Object.values((exported['default'] ?? {}) as Record<string, unknown>)].filter((value) => isScenario(value, path)));
  const chosen = isScenario(exported['default'], path) ? [exported['default']] : [...found];
  const [scenario, another] = chosen;
  if (!scenario || another) {
    throw new LabError('BAD_INPUT', `Expected ${path} to export one scenario, got ${chosen.length === 0 ? 'none' : String(chosen.length)}. Write: export default defineScenario({ title, teaches, predict, explains, sources, run, checks }). Exported: ${Object.keys(exported).join(', ') || 'nothing'}.`);
  }
  return scenario;
}

const texts = ['title', 'teaches', 'predict', 'explains'] as const;
const functions = ['run', 'checks'] as const;

/** @throws {LabError} BAD_INPUT for what is meant as a scenario and lacks a field. */
function isScenario(value: unknown, path: string): value is Scenario {
  if (typeof value !== 'object' || value === null || !('run' in value || 'checks' in value)) return false;
  const given = value as Record<string, unknown>;
  const missing = [...texts.filter((field) => typeof given[field] !== 'string'), ...functions.filter((field) => typeof given[field] !== 'function'), ...(Array.isArray(given['sources']) ? [] : ['sources'])];
  if (missing.length > 0) throw new LabError('BAD_INPUT', `The scenario in ${path} lacks: ${missing.join(', ')}. ${texts.join(', ')} are texts, sources is a list of texts, ${functions.join(' and ')} are functions.`);
  return true;
}

/** The line of the file in which the error was made, if the stack tells it. */
function whereIn(error: unknown, file: string): string {
  const line = error instanceof Error ? error.stack?.split('\n').find((each) => each.includes(file)) : undefined;
  const place = line?.slice(line.indexOf(file)).match(/:\d+(:\d+)?/)?.[0];
  return place === undefined ? '' : ` (${file}${place})`;
}

let resolved = false;

/** A line that only an ES module has. */
const moduleSyntax = /^\s*(import\b\s*[\w{*"']|export\b\s*[\w{*])/m;

/**
 * `failover-lab` means this lab, wherever the file is: without an installation beside it, for instance in a container with this lab and a folder of
 * scenarios. A file with `import` or `export` is an ES module also where package.json has another `type` or none: `npm init` writes `commonjs`, and
 * bundlers and test runners do not care.
 */
function resolveOwnImports(): void {
  if (resolved) return;
  resolved = true;
  const entries: Record<string, string> = { 'failover-lab': 'index', 'failover-lab/faults': 'faults', 'failover-lab/scenarios': 'scenarios' };
  registerHooks({
    resolve: (specifier, context, next) => {
      const entry = Object.hasOwn(entries, specifier) ? entries[specifier] : undefined;
      if (entry === undefined) return next(specifier, context);
      // Only the package has a build of it. Few people run a file of their own from a clone, and then Node strips the types.
      const source = `lab/api/${entry}.ts`;
      const built = programFile(source);
      return { url: pathToFileURL(existsSync(built) ? built : join(projectRoot, source)).href, shortCircuit: true };
    },
    load: (url, context, next) => {
      const isTypeScript = url.endsWith('.ts');
      const isOpen = (isTypeScript || url.endsWith('.js')) && url.startsWith('file:') && !url.includes('/node_modules/') && !context.format?.startsWith('module');
      return next(url, isOpen && moduleSyntax.test(readFileSync(fileURLToPath(url), 'utf8')) ? { ...context, format: isTypeScript ? 'module-typescript' : 'module' } : context);
    },
  });
}

/**
 * Writes docs/api.md from the docstrings of what lab/api/ exports. With `--check` it changes nothing, and fails if the page is out of date. It also fails
 * if anything public has no docstring. TypeDoc reads the sources as the compiler does (https://typedoc.org/documents/Options.html).
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Application, type TypeDocOptions } from 'typedoc';
import type { PluginOptions } from 'typedoc-plugin-markdown';

const root = dirname(dirname(import.meta.dirname));
const page = join(root, 'docs/api.md');
const entries = [['index', 'failover-lab'], ['faults', 'failover-lab/faults'], ['scenarios', 'failover-lab/scenarios']] as const;

const out = mkdtempSync(join(tmpdir(), 'api-'));
const options: Partial<TypeDocOptions & PluginOptions> = {
  out,
  plugin: ['typedoc-plugin-markdown'],
  entryPoints: entries.map(([entry]) => join(root, `lab/api/${entry}.ts`)),
  tsconfig: join(root, 'tsconfig.json'),
  readme: 'none',
  disableSources: true,
  excludeExternals: true,
  excludePrivate: true,
  sort: ['source-order'],
  logLevel: 'Warn',
  // Types that stand only in the signature of something public are not on the page.
  validation: { notExported: false, invalidLink: true, notDocumented: true },
  requiredToBeDocumented: ['Function', 'Method', 'Class', 'Interface', 'TypeAlias', 'Variable'],
  treatValidationWarningsAsErrors: true,
  router: 'module',
  hideBreadcrumbs: true,
  hideGroupHeadings: true,
  hidePageHeader: true,
  useCodeBlocks: true,
  interfacePropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  parametersFormat: 'table',
};

const application = await Application.bootstrapWithPlugins(options);
const project = await application.convert();
if (!project) process.exit(1);
application.validate(project);
// With `treatValidationWarningsAsErrors` each of them counts.
if (application.logger.hasErrors() || application.logger.hasWarnings()) process.exit(1);
await application.generateOutputs(project);
const text = pageOf(out);
rmSync(out, { recursive: true });

if (!process.argv.includes('--check')) writeFileSync(page, text);
else if (readFileSync(page, 'utf8') !== text) {
  console.log('docs/api.md is out of date. Run `make docs`.');
  process.exit(1);
}

/** One page of the three that TypeDoc writes. */
function pageOf(folder: string): string {
  const parts = entries.map(([entry, name]) => readFileSync(join(folder, `${entry}.md`), 'utf8').replace(/^# .*$/m, `# \`${name}\``).replaceAll(/^#/gm, '##').replaceAll(/\((?:index|faults|scenarios)\.md(#[^)]*)?\)/g, (_, anchor: string | undefined) => `(${anchor ?? '#'})`));
  return `# The public surface\n\n<!-- Written by \`make docs\` from the docstrings of lab/api/. -->\n\n${parts.join('\n')}`;
}

/** `lab docs`: writes the tables in README.md and docs/, and the pictures in docs/, from the code. With `--check` it changes nothing, and fails if one is out of date. */
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { clientOptions } from '../../../client/client-options.ts';
import { scenarios } from '../../../scenarios/index.ts';
import { steps } from '../../../scenarios/steps.ts';
import { behaviourOptions } from '../../../services/backend/behaviour.ts';
import { filters } from '../../../services/dns/filters.ts';
import { profiles } from '../../../client/external/index.ts';
import type { Profile } from '../../../client/external/profile.ts';
import type { Tls } from '../../../client/external/tls.ts';
import { ownClients } from '../../clients/index.ts';
import { installText, type Installation } from '../../vocabulary/installation.ts';
import { outcomeOf, parametersOf, type Outcome } from '../../skew/simulation/outcome.ts';
import { themes } from '../../picture/draw/palette.ts';
import { readLessons } from '../../report/read-lessons.ts';
import { stepsPicture } from '../../picture/steps.ts';
import { terminalPicture } from '../../picture/terminal.ts';
import { runPicture } from '../../report/picture-file.ts';
import { printedRun } from '../../report/printed-run.ts';
import { svgPicture } from '../../skew/simulation/svg-picture.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { events } from '../../vocabulary/events.ts';
import { faults } from '../../faults/index.ts';
import type { OptionTable } from '../../vocabulary/options.ts';
import { plainText, type Phrase } from '../../vocabulary/telling.ts';
import { expectedOf } from '../../vocabulary/values.ts';
import { readRun } from './report.ts';
import type { Scenario } from '../../run/scenario.ts';
import type { Fault } from '../../faults/fault.ts';

/** A table stands in a document between `<!-- table: name -->` and `<!-- end -->`. */
const tables: Record<string, () => string> = {
  scenarios: () =>
    table(['scenario', 'what it shows'], Object.entries(scenarios).map(([name, { title }]) => [`\`${name}\``, title])),
  'scenarios-in-full': () =>
    Object.entries(scenarios as Record<string, Scenario>)
      .map(
        ([name, { title, teaches, predict, explains, sources, reproduces = [] }]) =>
          `### \`${name}\`\n\n*${title}*\n\n${teaches}\n\n**Predict.** ${predict}\n\n**Why.** ${explains}\n\nSources: ${sources.join(' · ')}${reproduces.length > 0 ? `\n\nReproduces: [${reproduces.join(', ')}](#the-observations-s1-to-s20)` : ''}`,
      )
      .join('\n\n'),
  faults: () =>
    table(
      ['fault', 'on', 'what it does', 'what a client sees', 'options'],
      Object.entries(faults as Record<string, Pick<Fault, 'summary' | 'effect' | 'on' | 'options'>>).map(([name, { summary, effect, on, options }]) => [
        `\`${name}\``,
        on.join(', '),
        summary,
        effect,
        Object.entries(options).map(([key, option]) => `\`${key}\` (${String(option.default)})`).join(', ') || '–',
      ]),
    ),
  events: () =>
    table(
      ['event', 'when', 'payload'],
      Object.entries(events).map(([name, { doc, fields }]) => [`\`${name}\``, doc, Object.keys(fields).map((field) => `\`${field}\``).join(' ')]),
    ),
  clients: () => table(['client', 'what it is', 'HTTP/2', 'how to install it'], eachClient().map(([name, { summary, tls, install }]) => [`\`${name}\``, summary, tls === null ? 'no TLS' : tls.http2, install ? installText(install) : 'part of the lab'])),
  variants: () => table(['client', 'option', 'values', 'what it sets'], eachClient().flatMap(([name, { variants = {} }]) => Object.entries(variants).map(([key, { kind, doc }]) => [`\`${name}\``, `\`${key}\``, expectedOf(kind), doc]))),
  'given-ca': () => {
    const ways = Map.groupBy(eachClient().flatMap(([name, { tls }]) => (tls === null ? [] : [{ name, givenBy: tls.givenBy }])), ({ givenBy }) => givenBy);
    return table(['what gives it the CA', 'clients'], [...ways].map(([givenBy, names]) => [givenBy, names.map(({ name }) => `\`${name}\``).join(', ')]));
  },
  'client-options': () => optionTable('option', clientOptions),
  behaviours: () => optionTable('behaviour', behaviourOptions),
  stage: () =>
    table(['name', 'type', 'what it is or does'], [
      ...membersOf('lab/run/scenario.ts', 'Stage'),
      ...membersOf('lab/clients/stage-client.ts', 'StageClient', 'client.'),
      ...membersOf('lab/run/dns-control.ts', 'DnsControl', 'dns.'),
    ]),
  result: () => table(['name', 'type', 'what it is'], [...membersOf('lab/run/scenario.ts', 'Measured'), ...membersOf('lab/run/scenario.ts', 'Result')]),
  'printed-run': () => ['```', ...printedLines().map(plainText), '```'].join('\n'),
  lessons: () =>
    table(['lesson', 'scenario', 'observations'], readLessons().map(({ number, name, title, scenario, observations }) => [`${number} [${title}](${name}.md)`, scenarioLink(scenario), observations.join(', ') || '–'])),
  steps: () => table(['step', 'what goes wrong', 'scenarios'], steps.flatMap(({ name, troubles }) => troubles.map(({ title, scenarios: shown }, index) => [index === 0 ? `**${name}**` : '', title, shown.map((each) => `[\`${each}\`](scenarios.md#${each})`).join(', ')]))),
  observations: () => {
    const lessons = readLessons();
    return table(['', 'observation', 'lessons', 'scenarios'], observationRows().map(([number = '', text = '']) => [
      number,
      text,
      lessons.filter(({ observations }) => observations.includes(number)).map((lesson) => `[${lesson.number}](${lesson.name}.md)`).join(', ') || '–',
      Object.entries(scenarios as Record<string, Scenario>).filter(([, { reproduces }]) => reproduces?.includes(number)).map(([name]) => scenarioLink(name)).join(', ') || (number === everyRun ? 'every run' : '–'),
    ]));
  },
  filters: () => Object.keys(filters).map((name) => `\`${name}\``).join(' → '),
};

/** Ours, and those that have a profile. */
function eachClient(): [string, Pick<Profile, 'summary' | 'variants'> & { tls: Pick<Tls, 'givenBy' | 'http2'> | null; install?: Installation }][] {
  return Object.entries({ ...ownClients, ...profiles });
}

/** A capture is left by every run, so no scenario is about it. */
const everyRun = 'S16';
const scenarioLink = (name: string): string => `[\`${name}\`](../scenarios.md#${name})`;

/** The observations, as docs/scenarios.md has them: number and text. */
function observationRows(): string[][] {
  return [...readFileSync('docs/scenarios.md', 'utf8').matchAll(/^\| (S\d+) \| (.*) \|$/gm)].map(([, ...cells]) => cells);
}

const documents = ['README.md', 'docs/add-a-scenario.md', 'docs/architecture.md', 'docs/scenarios.md', 'docs/results.md', 'docs/clients.md', 'docs/steps.md', 'docs/tls.md', 'docs/lessons/README.md'];

/** The scenarios whose pictures are in README.md. docs/pictures/ has a run of each one; `make pictures` runs them again. */
const picturedRuns = ['all-down', 'ipv6-blackhole'];
/** The one whose output stands in README.md, as a picture and as text. */
const printed = 'all-down';
const printedLines = (): Phrase[] => printedRun(readRun(`docs/pictures/${printed}`), 'results');
/** So wide is a README on a forge: the text of a wider picture would be too small there. */
const readmePx = 880;

/** Pictures, each by the file that holds it. */
const pictures: Record<string, () => string> = {
  'docs/rolling-restart.svg': () => svgPicture(comparedRuns('rolling-restart-once', ['max-age', 'goaway'])),
  'docs/shared-cache.svg': () => svgPicture(comparedRuns('shared-cache', [])),
  ...Object.fromEntries(themes.map((theme) => [`docs/pictures/${printed}-terminal-${theme}.svg`, () => terminalPicture(printedLines(), { title: `What the command prints: ${plainText(printedLines()[0] ?? [])}`, theme })])),
  ...Object.fromEntries(themes.map((theme) => [`docs/pictures/steps-${theme}.svg`, () => stepsPicture(steps, { title: 'What each step of a request can do to you', theme })])),
  ...Object.fromEntries(picturedRuns.flatMap((name) => themes.map((theme) => [`docs/pictures/${name}-${theme}.svg`, () => runPicture(readRun(`docs/pictures/${name}`), theme, readmePx)]))),
};

/** What `lab simulate --preset PRESET --remedy REMEDY` runs. */
function comparedRuns(preset: string, remedies: readonly string[]): ({ name: string } & Outcome)[] {
  const { cause, remedied } = parametersOf({ preset, remedies, given: {} });
  return [{ name: preset, parameters: cause }, ...remedied].map(({ name, parameters }) => ({ name, ...outcomeOf(parameters, { seed: 1, seeds: 1 }) }));
}

/** Exit status: 0, or 1 if `check` is set and a table or a picture is out of date. */
export async function docs(check: boolean): Promise<number> {
  const stale: string[] = [];
  for (const path of documents) {
    const text = await readFile(path, 'utf8');
    const made = text.replace(/(<!-- table: (\S+) -->\n)[\s\S]*?(<!-- end -->)/g, (_, begin: string, name: string, end: string) => {
      const make = tables[name];
      if (!make) throw new LabError('BAD_INPUT', `${path} names the unknown table \`${name}\`. Known: ${Object.keys(tables).join(', ')}.`);
      return `${begin}\n${make()}\n\n${end}`;
    });
    if (made === text) continue;
    stale.push(path);
    if (!check) await writeFile(path, made);
  }
  for (const [path, make] of Object.entries(pictures)) {
    const made = make();
    if (made === (await readFile(path, 'utf8').catch(() => ''))) continue;
    stale.push(path);
    if (!check) await writeFile(path, made);
  }
  for (const path of stale) console.log(check ? `${path} is out of date. Run \`make docs\`.` : `${path} written`);
  return check && stale.length > 0 ? 1 : 0;
}

/**
 * A row for each member of an interface: its name, its type, and its docstring, as they stand in the source.
 * @throws {LabError} BAD_INPUT where the interface is not in the file.
 */
function membersOf(path: string, name: string, prefix = ''): string[][] {
  const body = new RegExp(`^export interface ${name}(?:<\\w+>)?(?: extends \\w+)? \\{\\n([^]*?)^\\}`, 'm').exec(readFileSync(path, 'utf8'))?.[1];
  if (body === undefined) throw new LabError('BAD_INPUT', `${path} has no exported interface \`${name}\`.`);
  return [...body.matchAll(/(?: {2}\/\*\*([^]*?)\*\/\n)? {2}(?:readonly )?([\w$]+)(\(.*|\??: .*);$/gm)].map(([, doc = '', member = '', type = '']) =>
    [`\`${prefix}${member}\``, `\`${type.replace(/^\??: /, '')}\``, doc.replace(/\s*\n \s*\* ?/g, ' ').replace('@throws {LabError}', 'Throws').trim()]);
}

function optionTable(what: string, options: OptionTable): string {
  return table([what, 'values', 'default', 'what it does'], Object.entries(options).map(([key, option]) => [`\`${key}\``, expectedOf(option.kind), wordOf(option.default as string | number | boolean | null), option.doc]));
}

/** A default as the command line writes it. */
function wordOf(value: string | number | boolean | null): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : value === null ? 'not set' : String(value);
}

function table(head: string[], rows: string[][]): string {
  const line = (cells: string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

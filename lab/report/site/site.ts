/** Builds the static site: the matrix, a timeline for each of its cells, the scenarios, and the lessons. All links between its files are relative. */
import { copyFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { htmlText } from '../../picture/body.ts';
import { LabError, messageOf } from '../../vocabulary/errors.ts';
import { measuredClients, readMatrix, type Matrix } from '../matrix/matrix.ts';
import { matrixPage } from '../matrix/page.ts';
import { makeFolder } from '../run-files.ts';
import { filesOfRun, newestRun } from './kept-runs.ts';
import { navigation, sitePage, type SiteFile } from './layout.ts';
import { lessonPages, type Lesson } from './lessons.ts';
import { scenariosPage, type ScenarioList } from './scenarios-page.ts';

/** What a site is made of. */
export interface SiteSources {
  /** The folder that has matrix.json and the runs. */
  results: string;
  scenarios: readonly ScenarioList[];
  /** The folder of the lessons. It need not be there. */
  lessonsFolder: string;
  /** The folder of the site. A site that is there is replaced. */
  out: string;
  signal: AbortSignal;
}

/** What was built. `missing`: parts of cells whose run is not there any more, so that they are no links. */
export interface BuiltSite {
  timelines: number;
  missing: number;
  scenarios: number;
  scenariosWithRun: number;
  lessons: number;
}

/** A folder with this file in it was made by `lab site`, and may be replaced by it. */
const marker = '.failover-lab-site';

/**
 * Builds the site in a folder of its own, which then takes the place of `out`. So `out` is never half-written.
 * @throws {LabError} BAD_INPUT without a matrix, and for an `out` that has other files; BAD_OUTPUT where it cannot be written; the reason of `signal` when aborted.
 */
export async function buildSite(sources: SiteSources): Promise<BuiltSite> {
  const { results, out, signal } = sources;
  const matrix = readMatrix(join(results, 'matrix.json'));
  const isThere = await checkOut(out);
  const { files, runs, built } = contentOf(sources, matrix);
  const unfinished = `${resolve(out)}.unfinished-${process.pid}`;
  const old = `${resolve(out)}.old-${process.pid}`;
  try {
    for (const { path, text } of files) {
      await makeFolder(dirname(join(unfinished, path)));
      await writeFile(join(unfinished, path), text);
    }
    for (const [directory, names] of runs) {
      signal.throwIfAborted();
      await makeFolder(join(unfinished, 'runs', directory));
      for (const name of names) await copyFile(join(results, directory, name), join(unfinished, 'runs', directory, name));
    }
    if (isThere) await rename(out, old);
    await rename(unfinished, out).catch(async (error: unknown) => {
      if (isThere) await rename(old, out);
      throw error;
    });
  } catch (error) {
    if (signal.aborted) throw new LabError('INTERRUPTED', 'The site was not built: interrupted.');
    throw new LabError('BAD_OUTPUT', `The site could not be written to ${out}: ${messageOf(error)}`, { cause: error });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
  return built;
}

/** Whether there is a folder that the site replaces. @throws {LabError} BAD_INPUT for one that has other files. */
async function checkOut(out: string): Promise<boolean> {
  let names: string[];
  try {
    names = await readdir(out);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw new LabError('BAD_INPUT', `The site cannot be written to ${out}: ${messageOf(error)}`, { cause: error });
  }
  if (names.length > 0 && !names.includes(marker)) throw new LabError('BAD_INPUT', `The site cannot be written to ${out}: the folder has other files, such as \`${names[0] ?? ''}\`, and a new site replaces the whole folder. Name another one: --out DIR`);
  return true;
}

/** All pages, and the runs whose files the site needs, each by its folder. */
function contentOf({ results, scenarios, lessonsFolder }: SiteSources, matrix: Matrix): { files: SiteFile[]; runs: Map<string, string[]>; built: BuiltSite } {
  const runs = new Map<string, string[]>();
  let missing = 0;
  const hrefOf = (directory: string): string => encodeURI(`runs/${directory}/timeline.html`);
  const timeline = (directory: string): string | null => {
    const names = runs.get(directory) ?? filesOfRun(results, directory);
    if (names === null) missing++;
    else runs.set(directory, names);
    return names && hrefOf(directory);
  };
  const names = scenarios.flatMap((list) => Object.keys(list.scenarios));
  const { lessons, files: lessonFiles } = lessonPages(lessonsFolder, names);
  const hasLessons = lessons.length > 0;
  const page = matrixPage(matrix, { timeline, failure: (name) => (names.includes(name) ? `scenarios.html#${name}` : null), top: navigation(0, hasLessons) });
  const timelines = runs.size;

  const newest = new Map(names.flatMap((name) => {
    const run = newestRun(results, name);
    if (!run) return [];
    timeline(run.directory);
    return [[name, run] as const];
  }));
  const built = { timelines, missing, scenarios: names.length, scenariosWithRun: newest.size, lessons: lessons.length };
  const files = [
    { path: marker, text: 'Made by `lab site`. The next `lab site` replaces this folder.\n' },
    { path: 'index.html', text: indexPage(matrix, built, lessons) },
    { path: 'matrix.html', text: page },
    { path: 'matrix.json', text: `${JSON.stringify(matrix, null, 2)}\n` },
    { path: 'scenarios.html', text: scenariosPage(scenarios, newest, ({ directory }) => hrefOf(directory), hasLessons) },
    ...lessonFiles,
  ];
  return { files, runs, built };
}

function indexPage(matrix: Matrix, { scenarios, scenariosWithRun }: BuiltSite, lessons: readonly Lesson[]): string {
  const clients = measuredClients(matrix).length;
  const failures = matrix.groups.flatMap((group) => group.failures).length;
  const body = [
    '<h1>failover-lab</h1><p class="question">What does my HTTP client do when DNS, the network or a server fails?</p>',
    `<h2><a href="matrix.html">The matrix</a></h2><p>What each of ${clients} ${clients === 1 ? 'client' : 'clients'} did in each of ${failures} ${failures === 1 ? 'failure' : 'failures'}, measured on ${htmlText(matrix.startedAt.slice(0, 10))}. Each cell opens the timeline of a run. The same as data: <a href="matrix.json">matrix.json</a></p>`,
    `<h2><a href="scenarios.html">Scenarios</a></h2><p>${scenarios} questions, each with what to predict and why it comes out as it does. ${scenariosWithRun} of them with the timeline of a run.</p>`,
    lessons.length === 0 ? '' : `<h2 id="lessons">Lessons</h2><ul>${lessons.map(({ path, title }) => `<li><a href="${htmlText(encodeURI(path))}">${title}</a></li>`).join('')}</ul>`,
  ];
  return sitePage({ title: 'failover-lab', depth: 0, hasLessons: lessons.length > 0, body: body.join('\n') });
}

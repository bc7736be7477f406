/** `lab site`: builds a static site from the last matrix, the runs that are there, the scenarios and the lessons. */
import { join } from 'node:path';
import { otherFailures, scenarios } from '../../../scenarios/index.ts';
import { buildSite } from '../../report/site/site.ts';
import { projectRoot } from '../../vocabulary/project.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { interruptSignal } from '../interrupt.ts';

/** Exit status: 0. @throws {LabError} BAD_INPUT without a matrix, and for a folder that has other files; BAD_OUTPUT where the site cannot be written. */
export async function site({ results, out = join(results, 'site') }: { results: string; out?: string }): Promise<number> {
  const built = await buildSite({
    results,
    out,
    scenarios: [{ title: 'All scenarios', scenarios }, { title: 'Failures of the matrix', scenarios: otherFailures }],
    lessonsFolder: join(projectRoot, 'docs/lessons'),
    signal: interruptSignal(),
  });
  console.log(`${built.timelines} timelines of the matrix, ${built.scenarios} scenarios (${built.scenariosWithRun} with a run), ${built.lessons} lessons`);
  if (built.missing > 0) console.log(pc.yellow(`${built.missing} results of the matrix are no links: the files of their runs are not in ${results}.`));
  console.log(pc.dim(`      ${join(out, 'index.html')}`));
  return 0;
}

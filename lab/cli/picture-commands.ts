/** The commands that show runs again, as pictures and as a site. */
import type { Command } from 'commander';
import type { CompareFlags } from './commands/compare.ts';

export const withSvg = (command: Command): Command => command.option('--svg <file>', 'also write the timeline as an SVG picture');

/** Adds `report`, `compare` and `site` to the command line. */
export function addPictureCommands(program: Command): void {
  withSvg(program.command('report <folder>').description('write timeline.html, the picture of a run, into the folder of an old run (results/latest)')).action(async (folder: string, flags: { svg?: string }) => {
    const { report } = await import('./commands/report.ts');
    process.exitCode = await report(folder, flags);
  });

  program
    .command('compare <runs...>')
    .description('draw two or more runs on one axis, and list the differences in their findings; a run is a folder (results/latest), or a capture from elsewhere (docs/read.md)')
    .option('--align <moment>', 'what stands at 0: the first request, attempt or fault; with a capture the first attempt, otherwise the first request')
    .option('--client <addresses>', "in a capture: the client's addresses, with commas between them")
    .option('--name <name>', 'in a capture: only connections to this name or address')
    .option('--results <dir>', 'the folder for compare.html', 'results')
    .action(async (runs: string[], flags: CompareFlags) => {
      const { compare } = await import('./commands/compare.ts');
      process.exitCode = await compare(runs, flags);
    });

  program
    .command('site')
    .description('build a static site: the last matrix with a timeline for each cell, the scenarios, the lessons')
    .option('--results <dir>', 'the folder that has matrix.json and the runs', 'results')
    .option('--out <dir>', 'the folder of the site; `site` in that of the results if not given')
    .action(async (flags: { results: string; out?: string }) => {
      const { site } = await import('./commands/site.ts');
      process.exitCode = await site(flags);
    });
}

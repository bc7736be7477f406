/** The commands that show runs again, as pictures and as a site. */
import type { Command } from 'commander';

export const withSvg = (command: Command): Command => command.option('--svg <file>', 'also write the timeline as an SVG picture');

/** Adds `report`, `compare` and `site` to the command line. */
export function addPictureCommands(program: Command): void {
  withSvg(program.command('report <folder>').description('write timeline.html, the picture of a run, into the folder of an old run (results/latest)')).action(async (folder: string, flags: { svg?: string }) => {
    const { report } = await import('./commands/report.ts');
    process.exitCode = await report(folder, flags);
  });

  program
    .command('compare <folders...>')
    .description('draw two or more runs on one axis, and list the differences in their findings')
    .option('--align <moment>', 'what stands at 0: the first request, or the first fault', 'request')
    .option('--results <dir>', 'the folder for compare.html', 'results')
    .action(async (folders: string[], flags: { align: string; results: string }) => {
      const { compare } = await import('./commands/compare.ts');
      process.exitCode = await compare(folders, flags);
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

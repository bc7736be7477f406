/** The commands for teaching: the lessons, and their questions as cards. */
import type { Command } from 'commander';
import type { LessonFlags } from './commands/lesson.ts';
import { withDriver, withResults } from './shared-options.ts';

/** Adds `lesson` and `cards` to the command line. */
export function addLessonCommands(program: Command): void {
  withResults(withDriver(program.command('lesson [number]').description('a lesson: predict, run, see, why; without a number, list the lessons (docs/teaching.md)')))
    .option('--client <name>', 'the client under test: a name (`lab clients` lists them), or a command with {url} in it', 'node-fetch')
    .option('--answer <letter>', 'your prediction, so that nobody is asked; `none` runs without one')
    .option('--seed <number>', 'the seed of every random draw', '1')
    .option('-v, --verbose', 'print every event')
    .action(async (number: string | undefined, flags: LessonFlags) => {
      const { lesson } = await import('./commands/lesson.ts');
      process.exitCode = await lesson(number, flags);
    });

  program
    .command('cards')
    .description('write the questions of the lessons as cards to print: one HTML file')
    .option('--out <file>', 'the file', 'results/cards.html')
    .action(async ({ out }: { out: string }) => {
      const { cards } = await import('./commands/cards.ts');
      await cards(out);
    });
}

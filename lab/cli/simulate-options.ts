/** The options of `lab simulate`, with one for each parameter of a simulation. */
import { Option, type Command } from 'commander';
import { parameters } from '../skew/simulation/parameters.ts';
import { supermarketParameters } from '../skew/simulation/supermarket.ts';
import { kebabCase, type OptionTable } from '../vocabulary/options.ts';
import { expectedOf } from '../vocabulary/values.ts';

const tables: [heading: string, table: OptionTable][] = [
  ['Parameters:', parameters],
  ['Parameters of the preset `supermarket`, which also takes --backends:', supermarketParameters],
];

export function addSimulateOptions(command: Command): void {
  command
    .option('--list', 'list the presets and the remedies')
    .option('--preset <name>', 'a cause of skew, by its name')
    .option('--remedy <name>', 'also run it with this remedy, and compare. `all` compares all remedies')
    .option('--seed <number>', 'the seed of every random draw', '1')
    .option('--seeds <n>', 'run with so many seeds, from --seed on, and show mean and quantiles', '1')
    .option('--svg <file>', 'write a picture')
    .option('--json', 'print the result as JSON only');
  const added = new Set<string>();
  for (const [heading, table] of tables) {
    for (const [key, { doc, kind, default: defaultValue }] of Object.entries(table)) {
      if (added.has(key)) continue;
      added.add(key);
      const shown = typeof defaultValue === 'boolean' ? (defaultValue ? 'on' : 'off') : String(defaultValue);
      command.addOption(new Option(`--${kebabCase(key)} <value>`, `${doc}; ${expectedOf(kind)}${shown === '' ? '' : ` (default: ${shown})`}`).helpGroup(heading));
      if (kebabCase(key) !== key) command.addOption(new Option(`--${key} <value>`).hideHelp());
    }
  }
}

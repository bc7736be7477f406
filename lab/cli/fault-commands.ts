/** The faults as commands: `lab fault NAME HOST`, and `lab NAME HOST` for short. */
import { Option, type Command } from 'commander';
import { faultNamed, faultNames } from '../faults/index.ts';
import { kebabCase } from '../vocabulary/options.ts';
import { expectedOf } from '../vocabulary/values.ts';

/** Adds a command for each fault, to `program` without a line in its help. */
export function addFaultCommands(program: Command, faultGroup: Command): void {
  for (const name of faultNames) {
    const fault = faultNamed(name);
    for (const [parent, hidden] of [[faultGroup, false], [program, true]] as const) {
      const command = parent.command(`${name} <host>`, { hidden }).description(`${fault.summary} (${fault.on.join(', ')})`);
      for (const [key, option] of Object.entries(fault.options)) {
        command.option(`--${key} <value>`, `${option.doc}: ${expectedOf(option.kind)}`, String(option.default));
        // The help shows each option as the tables have it. The other form works, too.
        if (kebabCase(key) !== key) command.addOption(new Option(`--${kebabCase(key)} <value>`).hideHelp());
      }
      command.action(async (host: string, values: Record<string, string>) => {
        // The lab has the defaults, too. The story names only what was asked for.
        const options = Object.fromEntries(Object.entries(values).filter(([key]) => command.getOptionValueSource(key) === 'cli'));
        const { applyFault } = await import('./commands/hand-commands.ts');
        process.exitCode = await applyFault(name, host, options);
      });
    }
  }
}

/** The faults as commands: `lab fault NAME HOST`, and `lab NAME HOST` for short. */
import type { Command } from 'commander';
import { faultNamed, faultNames } from '../faults/index.ts';
import { expectedOf } from '../vocabulary/values.ts';

/** Adds a command for each fault, to `program` without a line in its help. */
export function addFaultCommands(program: Command, faultGroup: Command): void {
  for (const name of faultNames) {
    const fault = faultNamed(name);
    for (const [parent, hidden] of [[faultGroup, false], [program, true]] as const) {
      const command = parent.command(`${name} <host>`, { hidden }).description(`${fault.summary} (${fault.on.join(', ')})`);
      for (const [key, option] of Object.entries(fault.options)) command.option(`--${kebabCase(key)} <value>`, `${option.doc}: ${expectedOf(option.kind)}`, String(option.default));
      command.action(async (host: string, options: Record<string, string>) => {
        const { applyFault } = await import('./commands/hand-commands.ts');
        process.exitCode = await applyFault(name, host, options);
      });
    }
  }
}

/** `rateKbit` as the command line writes it: `rate-kbit`. */
function kebabCase(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

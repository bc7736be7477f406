/** `lab completion SHELL`: a script for the shell. It asks `lab complete` for what can stand at the cursor, so it never knows less than the command line. */
import type { Command, Option } from 'commander';
import { runnableNames } from '../../scenarios/index.ts';
import { causeNames } from '../../scenarios/skew/causes.ts';
import { skewResolverNames } from '../../scenarios/skew/resolvers.ts';
import { clientNames } from '../clients/index.ts';
import { faultNames, isFaultName } from '../faults/index.ts';
import { driverNames } from '../network/drivers/index.ts';
import { presetNames, remedyNames } from '../skew/simulation/outcome.ts';
import { unknownName } from '../vocabulary/errors.ts';
import { resolverNames } from '../vocabulary/resolvers.ts';
import { createTopology, hostsOf, targetsOf } from '../vocabulary/topology.ts';

// Each script falls back to the names of files: a scenario can be in one.
const scripts = {
  bash: `# Add this line to ~/.bashrc:  source <(lab completion bash)
_lab() {
  local IFS=$'\\n'
  COMPREPLY=($(compgen -W "$("\${COMP_WORDS[0]}" complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _lab lab`,
  zsh: `#compdef lab
# Add this line to ~/.zshrc, after compinit:  source <(lab completion zsh)
_lab() {
  local -a found
  found=(\${(f)"$("\${words[1]}" complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)"})
  if (( \${#found} )); then compadd -a found; else _files; fi
}
compdef _lab lab`,
  fish: `# Write this to ~/.config/fish/completions/lab.fish:  lab completion fish >~/.config/fish/completions/lab.fish
complete --command lab --arguments '(set --local words (commandline --tokens-expanded --cut-at-cursor 2>/dev/null; or commandline -opc); $words[1] complete -- $words[2..] (commandline --current-token --cut-at-cursor) 2>/dev/null)'`,
};

/** The script for a shell. @throws {LabError} BAD_INPUT for a shell that is not bash, zsh or fish. */
export function completionScript(shell: string): string {
  if (!Object.hasOwn(scripts, shell)) throw unknownName('shell', shell, Object.keys(scripts));
  return scripts[shell as keyof typeof scripts];
}

/** A lab can have other backends than the usual ones. Completion does not ask the lab that is up. */
const usual = createTopology();

/** What can stand in the place of an option's value. A key of two words is for the option of one command. */
const values: Record<string, readonly string[]> = {
  driver: driverNames,
  client: clientNames,
  clients: clientNames,
  only: runnableNames,
  resolver: resolverNames,
  reporter: ['junit:', 'github'],
  preset: presetNames,
  cause: causeNames,
  'skew resolver': skewResolverNames,
  remedy: [...remedyNames, 'all'],
};

/** What can be the arguments of a command. */
const args: Record<string, readonly (readonly string[])[]> = {
  run: [runnableNames],
  explain: [[...runnableNames, ...faultNames]],
  exec: [hostsOf(usual)],
  client: [clientNames],
  ask: [['GET', 'PUT', 'POST']],
  behave: [usual.backends],
  heal: [targetsOf(usual)],
  completion: [Object.keys(scripts)],
};

/** Returns what can stand in the place of the last of `words`, the words after `lab` on a command line. The last one may be the beginning of a word. */
export function candidates(program: Command, words: readonly string[]): string[] {
  const begun = words.at(-1) ?? '';
  let command = program;
  /** The arguments of the command that stand before the last word. */
  let given = 0;
  let valueOf: Option | undefined;
  for (const word of words.slice(0, -1)) {
    if (valueOf) valueOf = undefined;
    else if (word.startsWith('-')) valueOf = command.options.find(({ long, short, required, optional }) => (long === word || short === word) && (required || optional));
    else {
      const inner = given === 0 ? command.commands.find((each) => each.name() === word) : undefined;
      if (inner) command = inner;
      else given++;
    }
  }
  if (valueOf) return matching(values[`${command.name()} ${valueOf.attributeName()}`] ?? values[valueOf.attributeName()] ?? [], begun);
  if (begun.startsWith('-')) return matching([...command.options.flatMap(({ long }) => long ?? []), '--help'], begun);
  // Help hides what is only a short form.
  const inner = given === 0 ? command.createHelp().visibleCommands(command).map((each) => each.name()) : [];
  const isFault = command.parent?.name() === 'fault' || isFaultName(command.name());
  return matching([...inner, ...((isFault ? [targetsOf(usual)] : args[command.name()])?.[given] ?? [])], begun);
}

function matching(known: readonly string[], begun: string): string[] {
  return known.filter((word) => word.startsWith(begun));
}

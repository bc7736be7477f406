/** `lab explain NAME`: what a scenario asks, what to predict, why it comes out as it does, and where that is written. Or what a fault does. */
import { runnableNames, scenarioNamed } from '../../../scenarios/index.ts';
import type { Fault } from '../../faults/fault.ts';
import { faultNamed, faultNames, isFaultName } from '../../faults/index.ts';
import type { Scenario } from '../../run/scenario.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { didYouMean } from '../../vocabulary/nearest-name.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { pc, wrapped } from '../../vocabulary/terminal.ts';
import { isScenarioFile, loadScenario } from '../scenario-file.ts';
import { expectedOf } from '../../vocabulary/values.ts';

/**
 * Returns the lines of the explanation of a scenario, also of one in a file, or of a fault. Where a scenario and a fault have the same name, both are explained.
 * @throws {LabError} BAD_INPUT for an unknown name.
 */
export async function explainLines(name: string): Promise<string[]> {
  const scenario = isScenarioFile(name) ? await loadScenario(name) : scenarioNamed(name);
  const parts = [...(scenario ? [scenarioLines(name, scenario)] : []), ...(isFaultName(name) ? [faultLines(name, faultNamed(name))] : [])];
  if (parts.length === 0) {
    throw new LabError('BAD_INPUT', `Unknown scenario or fault \`${name}\`. \`lab list\` lists the scenarios, \`lab fault --help\` lists the faults.${didYouMean(name, [...runnableNames, ...faultNames])}`);
  }
  return parts.flatMap((lines, index) => (index > 0 ? ['', ...lines] : lines));
}

function scenarioLines(name: string, { title, teaches, predict, explains, sources }: Scenario): string[] {
  return [
    `${pc.bold(name)} · ${title}`,
    '',
    ...labelled('predict', predict),
    '',
    // A failure of the matrix has one text for both.
    ...(teaches === explains ? [] : [...labelled('teaches', teaches), '']),
    ...labelled('why', explains),
    '',
    ...sources.flatMap((source, index) => labelled(index === 0 ? 'sources' : '', source)),
    '',
    ...labelled('run it', `${labCommand} run ${name}`),
  ];
}

function faultLines(name: string, { summary, effect, on, options }: Fault): string[] {
  return [
    `${pc.bold(name)} · a fault on: ${on.join(', ')}`,
    '',
    ...labelled('does', summary),
    ...labelled('effect', effect),
    ...Object.entries(options).flatMap(([key, { doc, kind, default: defaultValue }], index) => labelled(index === 0 ? 'options' : '', `${key}: ${doc}; ${expectedOf(kind)}; default ${String(defaultValue)}`)),
    '',
    ...labelled('use it', `${labCommand} fault ${name} ${on.includes('backend') ? 'backend-1' : 'dns'}   (while \`${labCommand} up\` keeps a lab up)`),
  ];
}

/** A label, and beside it a text that is as many lines as it needs. */
function labelled(label: string, text: string): string[] {
  return wrapped(text, 10).map((line, index) => `  ${pc.dim((index === 0 ? label : '').padEnd(8))}${line}`);
}

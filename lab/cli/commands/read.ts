/** `lab read`: the eyes of the lab for a capture from elsewhere. */
import { basename } from 'node:path';
import { capturedFindings } from '../../analysis/captured.ts';
import { captureLines, limitsOf, nameLines } from '../../report/captured-lines.ts';
import { startTerminalStory } from '../../report/terminal-story.ts';
import { readForeignCapture } from '../../run/foreign-capture.ts';
import { isIP } from 'node:net';
import { LabError } from '../../vocabulary/errors.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { createTopology } from '../../vocabulary/topology.ts';

export interface ReadFlags {
  client?: string;
  json?: boolean;
  verbose?: boolean;
}

/** A longer story is told with `-v`. */
const toldEvents = 60;

/** @throws {LabError} BAD_INPUT for a file that is no capture, and for a client that it does not have. */
export async function read(file: string, { client, json, verbose = false }: ReadFlags): Promise<void> {
  const addresses = client === undefined ? [] : client.split(',').map((word) => word.trim());
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw new LabError('BAD_INPUT', `Expected \`--client\` to be an IP address, or several with commas between them, got ${JSON.stringify(wrong)}.`);
  const capture = await readForeignCapture(file, addresses);
  const findings = capturedFindings(capture.events);
  const { events, file: facts, ...about } = capture;
  if (json) {
    console.log(JSON.stringify({ file, ...facts, names: Object.fromEntries(facts.names), ...about, unknownLinks: Object.fromEntries(about.unknownLinks), limits: limitsOf(capture), findings }, null, 2));
    return;
  }
  console.log([...captureLines(basename(file), capture), ''].join('\n'));
  const story = startTerminalStory({ topology: createTopology(), verbose: true, write: (line) => { console.log(line); } });
  const told = verbose ? events : events.slice(0, toldEvents);
  for (const event of told) story.tell(event, false);
  story.end();
  if (told.length < events.length) console.log(pc.dim(`            … ${events.length - told.length} more events (-v shows them)`));
  console.log(findings.flatMap(nameLines).join('\n'));
}

/** `lab read`: the eyes of the lab for a capture from elsewhere. */
import { basename, extname } from 'node:path';
import { isIP } from 'node:net';
import { capturedFindings } from '../../analysis/captured.ts';
import { capturePage, capturePicture } from '../../report/capture-page.ts';
import { captureLines, limitsOf, nameLines } from '../../report/captured-lines.ts';
import { writePicture } from '../../report/picture-file.ts';
import { checkFolderOf } from '../../report/run-files.ts';
import { startTerminalStory } from '../../report/terminal-story.ts';
import { readEachClient, readForeignCapture, type ForeignCapture } from '../../run/foreign-capture.ts';
import { LabError } from '../../vocabulary/errors.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { shellWord } from '../../vocabulary/shell-word.ts';
import { pc } from '../../vocabulary/terminal.ts';
import { createTopology } from '../../vocabulary/topology.ts';

export interface ReadFlags {
  client?: string;
  html?: string;
  svg?: string;
  json?: boolean;
  verbose?: boolean;
}

/** A longer story is told with `-v`. */
const toldEvents = 60;

/**
 * Prints what the client did, or each client with `--client each`, and writes the pictures that are asked for.
 * @throws {LabError} BAD_INPUT for a file that is no capture, and for a client that it does not have.
 */
export async function read(file: string, { client, html, svg, json, verbose = false }: ReadFlags): Promise<void> {
  for (const picture of [html, svg]) if (picture !== undefined) checkFolderOf(picture);
  const captures = client === 'each' ? await readEachClient(file) : [await readForeignCapture(file, readClient(client))];
  if (json) console.log(JSON.stringify(client === 'each' ? captures.map((capture) => jsonOf(file, capture)) : captures.map((capture) => jsonOf(file, capture))[0], null, 2));
  for (const capture of captures) {
    if (!json) tell(file, capture, verbose);
    const shown = { file: basename(file), capture };
    const command = [labCommand, 'read', shellWord(file), '--client', capture.client.join(','), '--html', shellWord(html ?? '')].join(' ');
    const pictures = [...(html === undefined ? [] : [[html, () => capturePage(shown, command)] as const]), ...(svg === undefined ? [] : [[svg, () => capturePicture(shown)] as const])];
    for (const [path, make] of pictures) {
      const to = client === 'each' ? pathFor(path, capture) : path;
      await writePicture(to, make());
      if (!json) console.log(pc.dim(`\n      ${to}`));
    }
  }
}

/** The addresses of `--client`. @throws {LabError} BAD_INPUT */
export function readClient(client: string | undefined): string[] {
  const addresses = client === undefined ? [] : client.split(',').map((word) => word.trim());
  const wrong = addresses.find((address) => isIP(address) === 0);
  if (wrong !== undefined) throw new LabError('BAD_INPUT', `Expected \`--client\` to be an IP address, or several with commas between them, got ${JSON.stringify(wrong)}.`);
  return addresses;
}

/** `timeline-10.0.0.5.html` for `timeline.html`. */
function pathFor(path: string, { client: [address = ''] }: ForeignCapture): string {
  const ending = extname(path);
  return `${path.slice(0, path.length - ending.length)}-${address.replaceAll(':', '-')}${ending}`;
}

function jsonOf(file: string, capture: ForeignCapture): object {
  const { events, file: facts, ...about } = capture;
  return { file, ...facts, names: Object.fromEntries(facts.names), ...about, unknownLinks: Object.fromEntries(about.unknownLinks), limits: limitsOf(capture), findings: capturedFindings(events) };
}

function tell(file: string, capture: ForeignCapture, verbose: boolean): void {
  const { events } = capture;
  console.log([...captureLines(basename(file), capture), ''].join('\n'));
  const story = startTerminalStory({ topology: createTopology(), verbose: true, write: (line) => { console.log(line); } });
  const told = verbose ? events : events.slice(0, toldEvents);
  for (const event of told) story.tell(event, false);
  story.end();
  if (told.length < events.length) console.log(pc.dim(`            … ${events.length - told.length} more events (-v shows them)`));
  console.log(capturedFindings(events).flatMap(nameLines).join('\n'));
}

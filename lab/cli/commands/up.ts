/** `lab up`: keeps a lab up in the foreground and prints its events, until Ctrl-C or `lab down`. Then it writes the events and the packets. */
import { pc } from '../../vocabulary/terminal.ts';
import { openHandControl } from '../hand-control.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { startLab, type Lab } from '../../run/lab.ts';
import { checkResults, writeHandFiles } from '../../report/run-files.ts';
import { startTerminalStory } from '../../report/terminal-story.ts';
import { Timeline } from '../../run/timeline.ts';
import { messageOf } from '../../vocabulary/errors.ts';
import { withinLimit } from '../../vocabulary/limits.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { hostsOf, webUrl } from '../../vocabulary/topology.ts';
import { parseResolvConfLine } from '../../vocabulary/parse-resolv-conf.ts';
import { resolvConfOf } from '../../vocabulary/resolv-conf.ts';
import { readBackends, readResolver, readSeed } from '../../vocabulary/options.ts';
import { interruptSignal } from '../interrupt.ts';

/** A lab by hand may stay up for hours, so only the newest events and frames are kept. */
const keepEvents = 100_000;
const keepFramesMB = 64;
/** The network may have ended by itself. Then its processes do not answer any more. */
const lastWordsLimitMs = 2_000;

export interface UpFlags {
  driver: string;
  seed: string;
  resolvConf: string[];
  resolver?: string;
  serveStale?: boolean;
  backends?: string;
  results: string;
  verbose?: boolean;
}

/**
 * Exit status: 0, or 3 if the network ended by itself. @throws {LabError} INTERRUPTED (129, 130 or 143) when interrupted before the lab was up;
 * BAD_OUTPUT when the files could not be written. The lab is down then, too.
 */
export async function up(flags: UpFlags): Promise<number> {
  const interrupted = interruptSignal();
  const seed = readSeed(flags.seed);
  const backends = flags.backends === undefined ? undefined : readBackends(flags.backends);
  const resolvConf = resolvConfOf(undefined, flags.resolvConf.map(parseResolvConfLine));
  const resolver = flags.resolver === undefined ? undefined : readResolver(flags.resolver);
  const timeline = new Timeline({ historyLimit: keepEvents });
  const driver = await chooseDriver(flags.driver);
  await checkResults(flags.results);
  const startedAt = new Date().toISOString();
  await using control = await openHandControl();
  const { promise: end, resolve } = Promise.withResolvers<string>();
  interrupted.addEventListener('abort', () => { resolve('interrupted'); });
  await using lab = await startLab({ driver, timeline, seed, topology: { ...(backends !== undefined && { backends }), ...(resolvConf && { resolvConf }), ...(resolver && { resolver }), ...(flags.serveStale && { serveStale: true }) }, signal: interrupted });
  void lab.network.ended.then((reason) => { resolve(`the network ended: ${reason}`); });
  await lab.startCapture({ keepBytes: keepFramesMB * 1e6 });
  control.serve(lab, () => { resolve('down'); });

  const { topology } = lab;
  const hostNames = hostsOf(topology);
  const width = Math.max(...hostNames.map((name) => name.length));
  for (const name of hostNames) console.log(`  ${name.padEnd(width)}  ${topology.hosts[name].ipv4.padEnd(15)}  ${topology.hosts[name].ipv6}`);
  if (lab.resolver) console.log(`\n  resolver between client and DNS server: ${lab.resolver.name} ${lab.resolver.version}${topology.serveStale ? ', serves expired records' : ''}`);
  if (topology.resolvConf) console.log(`\n  resolv.conf of the client: ${topology.resolvConf.join('; ')}`);
  console.log(`
The lab is up (${driver.name}). Ctrl-C takes it down. From another terminal:

  ${labCommand} exec client -- curl -s ${webUrl}
  ${labCommand} dns                       shows the DNS answer policy; ${labCommand} dns shuffle off, ${labCommand} dns aaaa on change it
  ${labCommand} fault stop backend-1      puts a fault in force; ${labCommand} heal heals everything
  ${labCommand} status                    shows who is up, what is broken, and the connections
`);
  const story = startTerminalStory({ topology, verbose: flags.verbose === true, write: console.log });
  timeline.subscribe(story.tell);
  timeline.start();
  const why = await end;
  await withinLimit('Reading the last events', lastWordsLimitMs, lab.settle()).catch((error: unknown) => { console.log(pc.yellow(`the last events and packets may be missing: ${messageOf(error)}`)); });
  timeline.flush();
  story.end();
  console.log(pc.dim(`\n${why}; taking the lab down`));
  console.log(await writeFiles(lab, startedAt, flags.results));
  return why.startsWith('the network ended') ? 3 : 0;
}

/** Writes what was seen. Returns the line that says where, how much it is, and what is missing. */
async function writeFiles(lab: Lab, startedAt: string, results: string): Promise<string> {
  const { timeline, wire } = lab;
  const { events } = timeline;
  const missing = [
    timeline.leftOut > 0 ? `${timeline.leftOut} older events (the newest ${keepEvents} are kept)` : null,
    wire && wire.leftOut > 0 ? `${wire.leftOut} older frames (the newest ${keepFramesMB} MB are kept)` : null,
    wire && wire.dropped > 0 ? `${wire.dropped} frames that the capture lost` : null,
  ].filter((part) => part !== null);
  const without = missing.length === 0 ? '' : `; without ${missing.join(' and ')}`;
  const directory = await writeHandFiles(startedAt, events, lab.captureFile(`a lab by hand on ${lab.network.driver}${without}`), results);
  return `${directory}: ${events.length} events, ${wire?.frames.length ?? 0} frames${without}`;
}

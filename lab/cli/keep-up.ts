/** A lab by hand: it comes up, is driven by a second terminal (hand-control.ts), and goes down in order. `lab up` and `lab workshop` keep it up. */
import { chooseDriver } from '../network/drivers/index.ts';
import { checkResults, writeRunFiles } from '../report/run-files.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { messageOf } from '../vocabulary/errors.ts';
import { withinLimit } from '../vocabulary/limits.ts';
import { readBackends, readResolver, readSeed } from '../vocabulary/options.ts';
import { resolvConfOf } from '../vocabulary/resolv-conf.ts';
import { parseResolvConfLine } from '../vocabulary/resolv-conf-line.ts';
import { pc } from '../vocabulary/terminal.ts';
import type { TopologyChange } from '../vocabulary/topology.ts';
import { HandClient } from './hand-client.ts';
import { handRun, type HandSession } from './hand-run.ts';
import { handHandlers, openHandControl, type HandHandlers } from './hand-control.ts';
import { interruptSignal } from './interrupt.ts';

/** A lab by hand may stay up for hours, so only the newest events and frames are kept. */
const keepEvents = 100_000;
const keepFramesMB = 64;
/** The network may have ended by itself. Then its processes do not answer any more. */
const lastWordsLimitMs = 2_000;

export interface KeepUpFlags {
  driver: string;
  seed: string;
  resolvConf: string[];
  resolver?: string;
  serveStale?: boolean;
  backends?: string;
  https?: boolean;
  results: string;
}

/** A lab that is up, and what drives it. */
export interface LabByHand {
  lab: Lab;
  timeline: Timeline;
  client: HandClient;
  commands: HandHandlers;
  /** Writes what was seen so far as the folder of a run. Returns one line: where, how much, and what is missing. */
  write(): Promise<{ directory: string; line: string }>;
  /** Takes the lab down. `why` is for the terminal. */
  end(why: string): void;
}

/** What a command does while its lab is up. */
export interface WhileUp {
  /** Called when something of `client` has changed. */
  onClient?(): void;
  /** Called when the lab is up, before its clock begins. Its result is called when the lab goes down. */
  begin(up: LabByHand): Promise<() => unknown>;
}

/**
 * Starts a lab, and keeps it up until Ctrl-C, `lab down`, or the end of its network. Exit status: 0, or 3 if the network ended by itself.
 * @throws {LabError} INTERRUPTED (129, 130 or 143) when interrupted before the lab was up; BAD_OUTPUT when the files could not be written. The lab is down then, too.
 */
export async function keepUp(flags: KeepUpFlags, { onClient, begin }: WhileUp): Promise<number> {
  const interrupted = interruptSignal();
  const seed = readSeed(flags.seed);
  const change = readTopology(flags);
  const timeline = new Timeline({ historyLimit: keepEvents });
  const driver = await chooseDriver(flags.driver);
  await checkResults(flags.results);
  const startedAt = new Date();
  await using control = await openHandControl();
  const { promise: ended, resolve: end } = Promise.withResolvers<string>();
  interrupted.addEventListener('abort', () => { end('interrupted'); });
  await using lab = await startLab({ driver, timeline, seed, topology: change, signal: interrupted });
  void lab.network.ended.then((reason) => { end(`the network ended: ${reason}`); });
  await lab.startCapture({ keepBytes: keepFramesMB * 1e6 });
  const client = new HandClient(lab, onClient);
  const commands = handHandlers(lab, client, () => { end('down'); });
  control.serve(commands);
  const write = (): Promise<{ directory: string; line: string }> => writeFiles({ lab, client, seed, startedAt, change }, flags.results);
  const stop = await begin({ lab, timeline, client, commands, write, end });
  timeline.start();
  const why = await ended;
  client.stopRate();
  await withinLimit('Reading the last events', lastWordsLimitMs, lab.settle()).catch((error: unknown) => { console.log(pc.yellow(`the last events and packets may be missing: ${messageOf(error)}`)); });
  timeline.flush();
  await stop();
  console.log(pc.dim(`\n${why}; taking the lab down`));
  console.log((await write()).line);
  return why.startsWith('the network ended') ? 3 : 0;
}

function readTopology(flags: KeepUpFlags): TopologyChange {
  const backends = flags.backends === undefined ? undefined : readBackends(flags.backends);
  const resolvConf = resolvConfOf(undefined, flags.resolvConf.map(parseResolvConfLine));
  const resolver = flags.resolver === undefined ? undefined : readResolver(flags.resolver);
  return { ...(backends !== undefined && { backends }), ...(resolvConf && { resolvConf }), ...(resolver && { resolver }), ...(flags.serveStale && { serveStale: true }), ...(flags.https && { https: true }) };
}

/** Writes what was seen so far, as after a run. */
async function writeFiles(session: HandSession, results: string): Promise<{ directory: string; line: string }> {
  const { timeline, wire } = session.lab;
  const missing = [
    timeline.leftOut > 0 ? `${timeline.leftOut} older events (the newest ${keepEvents} are kept)` : null,
    wire && wire.leftOut > 0 ? `${wire.leftOut} older frames (the newest ${keepFramesMB} MB are kept)` : null,
    wire && wire.dropped > 0 ? `${wire.dropped} frames that the capture lost` : null,
  ].filter((part) => part !== null);
  const without = missing.length === 0 ? '' : `; without ${missing.join(' and ')}`;
  const run = handRun(session, without);
  const directory = await writeRunFiles(run, results);
  return { directory, line: `${directory}: ${run.events.length} events, ${run.journal.wire?.frames ?? 0} frames${without}` };
}

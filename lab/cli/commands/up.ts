/** `lab up`: keeps a lab up in the foreground and prints its events, until Ctrl-C or `lab down`. */
import { pc } from '../../vocabulary/terminal.ts';
import { openHandControl } from '../hand-control.ts';
import { chooseDriver } from '../../network/drivers/index.ts';
import { startLab } from '../../run/lab.ts';
import { startTerminalStory } from '../../report/terminal-story.ts';
import { Timeline } from '../../run/timeline.ts';
import { createTopology, hostNames, webUrl } from '../../vocabulary/topology.ts';
import { readSeed } from '../../vocabulary/options.ts';
import { interruptSignal } from '../interrupt.ts';

/** Exit status: 0, or 3 if the network ended by itself. @throws {LabError} INTERRUPTED (129, 130 or 143) when interrupted before the lab was up. */
export async function up(flags: { driver: string; seed: string; verbose?: boolean }): Promise<number> {
  const interrupted = interruptSignal();
  const seed = readSeed(flags.seed);
  const topology = createTopology();
  // A lab by hand may stay up for hours, so the history must not grow without end.
  const timeline = new Timeline({ historyLimit: 100_000 });
  const driver = await chooseDriver(flags.driver);
  await using control = await openHandControl();
  const { promise: end, resolve } = Promise.withResolvers<string>();
  interrupted.addEventListener('abort', () => { resolve('interrupted'); });
  await using lab = await startLab({ driver, timeline, seed, signal: interrupted });
  void lab.network.ended.then((reason) => { resolve(`the network ended: ${reason}`); });
  control.serve(lab, () => { resolve('down'); });

  const width = Math.max(...hostNames.map((name) => name.length));
  for (const name of hostNames) console.log(`  ${name.padEnd(width)}  ${topology.hosts[name].ipv4.padEnd(15)}  ${topology.hosts[name].ipv6}`);
  console.log(`
The lab is up (${driver.name}). Ctrl-C takes it down. From another terminal:

  bin/lab exec client -- curl -s ${webUrl}
  bin/lab dns                       shows the DNS answer policy; bin/lab dns shuffle off, bin/lab dns aaaa on change it
  bin/lab fault stop backend-1      puts a fault in force; bin/lab heal heals everything
`);
  const story = startTerminalStory({ topology, verbose: flags.verbose === true, write: console.log });
  timeline.subscribe(story.tell);
  timeline.start();
  const why = await end;
  timeline.flush();
  console.log(pc.dim(`\n${why}; taking the lab down`));
  return why.startsWith('the network ended') ? 3 : 0;
}

/** `lab up`: keeps a lab up in the foreground and prints its events, until Ctrl-C or `lab down`. Then it writes the events and the packets. */
import { caFileOf } from '../../clients/trust.ts';
import { startTerminalStory } from '../../report/terminal-story.ts';
import { labCommand } from '../../vocabulary/project.ts';
import { hostsOf, urlOf } from '../../vocabulary/topology.ts';
import { keepUp, type KeepUpFlags } from '../keep-up.ts';

export interface UpFlags extends KeepUpFlags {
  verbose?: boolean;
}

/** Exit status and errors: as `keepUp`. */
export async function up(flags: UpFlags): Promise<number> {
  return await keepUp(flags, {
    begin: ({ lab, timeline }) => {
      const { topology } = lab;
      const hostNames = hostsOf(topology);
      const width = Math.max(...hostNames.map((name) => name.length));
      for (const name of hostNames) console.log(`  ${name.padEnd(width)}  ${topology.hosts[name].ipv4.padEnd(15)}  ${topology.hosts[name].ipv6}`);
      if (lab.resolver) console.log(`\n  resolver between client and DNS server: ${lab.resolver.name} ${lab.resolver.version}${topology.serveStale ? ', serves expired records' : ''}`);
      if (topology.resolvConf) console.log(`\n  resolv.conf of the client: ${topology.resolvConf.join('; ')}`);
      console.log(`
The lab is up (${lab.network.driver}). Ctrl-C takes it down. From another terminal:

  ${labCommand} ask                       has the client make a request; ${labCommand} client curl starts another one
  ${labCommand} exec client -- curl -s ${topology.scheme === 'https' ? `--cacert ${caFileOf(lab.network)} ` : ''}${urlOf(topology)}
  ${labCommand} dns                       shows the DNS answer policy; ${labCommand} dns shuffle off, ${labCommand} dns aaaa on change it
  ${labCommand} fault stop backend-1      puts a fault in force; ${labCommand} heal heals everything
  ${labCommand} status                    shows who is up, what is broken, and the connections
`);
      const story = startTerminalStory({ topology, verbose: flags.verbose === true, write: console.log });
      timeline.subscribe(story.tell);
      return Promise.resolve(() => { story.end(); });
    },
  });
}

/** `lab read`, the command for captures from elsewhere. */
import type { Command } from 'commander';
import type { ReadFlags } from './commands/read.ts';

export function addReadCommand(program: Command): void {
  program
    .command('read <capture>')
    .description('read a capture from elsewhere (tcpdump, Wireshark; pcap or pcapng): what did this client do? (docs/read.md)')
    .option('--client <addresses>', "the client's addresses, with commas between them; by default the one host that opens connections")
    .option('--json', 'print JSON')
    .option('-v, --verbose', 'tell every event')
    .action(async (file: string, flags: ReadFlags) => {
      const { read } = await import('./commands/read.ts');
      await read(file, flags);
    });
}

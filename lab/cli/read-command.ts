/** `lab read`, the command for captures from elsewhere. */
import type { Command } from 'commander';
import type { ReadFlags } from './commands/read.ts';
import { withSvg } from './picture-commands.ts';

export function addReadCommand(program: Command): void {
  withSvg(program.command('read <capture>'))
    .description('read a capture from elsewhere (tcpdump, Wireshark; pcap or pcapng): what did this client do? (docs/read.md)')
    .option('--client <addresses>', "the client's addresses, with commas between them, or `each`; by default the one host that opens connections")
    .option('--keys <file>', 'the keys of its TLS connections, as programs write them where SSLKEYLOGFILE names a file: reads HTTP/1.1 and HTTP/2 inside of TLS 1.2 and 1.3')
    .option('--html <file>', 'also write the timeline as a page; of several clients, each one has a page with its address in the name')
    .option('--json', 'print JSON')
    .option('-v, --verbose', 'tell every event')
    .action(async (file: string, flags: ReadFlags) => {
      const { read } = await import('./commands/read.ts');
      await read(file, flags);
    });
}

/** Options that several commands have. */
import { type Command, Option } from 'commander';
import { availableParallelism } from 'node:os';
import { driverNames } from '../network/drivers/index.ts';

/** For an option that may stand several times. */
export const collect = (word: string, words: string[]): string[] => [...words, word];

export const withDriver = (command: Command): Command => command.option('--driver <name>', driverNames.join(', '), process.env['LAB_DRIVER'] ?? 'auto');
export const withResolvConf = (command: Command): Command =>
  command.option('--resolv-conf <line>', "a line of the client's resolv.conf (repeatable): 'search a.test b.test', 'options ndots:5 timeout:1' (docs/clients.md)", collect, [])
    .option('--resolver <name>', 'a real resolver with a cache between client and DNS server: unbound, dnsmasq, systemd-resolved, nscd (docs/skew.md)')
    .option('--serve-stale', 'this resolver answers with expired records if the DNS server fails (RFC 8767)');

export const withResults = (command: Command): Command => command.option('--results <dir>', 'the folder for the files of a run', 'results');
export const withBackends = (command: Command): Command => command.option('--backends <n>', 'how many backends the lab has, 1 to 24; three if not given');

/** A run says it for its client: `--set scheme=https`. */
export const withHttps = (command: Command): Command => command.option('--https', 'the backends speak HTTPS, with HTTP/2 and HTTP/1.1 (docs/tls.md)');

export const withRunFlags = (command: Command): Command =>
  withResults(withResolvConf(withDriver(command)))
    .option('--client <name>', 'the client under test: a name (`lab clients` lists them), or a command with {url} in it', 'node-fetch')
    .option('--client-image <image>', 'docker only: run the client from this image, on the network of the lab')
    .option('--seed <number>', 'the seed of every random draw: the same seed repeats every shuffled answer', '1')
    .option('--set <key=value>', 'an option of our own client (repeatable)', collect, [])
    .option('--expect <bound>', 'a bound that a finding must keep (repeatable): recoveryMs<2s, requests.failed==0 (docs/ci.md)', collect, [])
    .option('--json', 'print the journal only')
    .option('-v, --verbose', 'print every event');

export const withReporters = (command: Command): Command => command.option('--reporter <kind>', 'a report for CI (repeatable): junit:FILE, or github', collect, []);

/** A lab waits most of its time, so each core carries four. */
export const withJobs = (command: Command): Command => command.addOption(new Option('--jobs <n>', 'labs at a time').default(String(4 * availableParallelism()), 'four for each core'));

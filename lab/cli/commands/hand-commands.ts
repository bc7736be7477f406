/** What the second terminal says to the lab that `lab up` keeps: exec, dns, faults, heal, down. */
import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { askLab, type Healed } from '../hand-control.ts';
import { searchPath } from '../../network/drivers/netns-requirements.ts';
import { LabError } from '../../vocabulary/errors.ts';
import type { Observation } from '../../faults/fault.ts';
import { splitAssignments } from '../../vocabulary/options.ts';
import type { Policy } from '../../../services/dns/policy.ts';

/** Runs a command on a host, with this terminal; returns the command's own exit status. */
export async function exec(host: string, argv: string[]): Promise<number> {
  const [file = '', ...args] = (await askLab('argv', { host, argv, directory: process.cwd(), tty: process.stdin.isTTY })) as string[];
  // Ctrl-C is the command's; it reaches both, and the command's end ends this one.
  process.on('SIGINT', () => undefined);
  const { status, signal, error } = spawnSync(file, args, { stdio: 'inherit', env: { ...process.env, PATH: searchPath() } });
  if (error) throw new LabError('MISSING_TOOL', `Could not run \`${file}\`: ${error.message}`, { cause: error });
  return status ?? 128 + (signal ? constants.signals[signal] : 0);
}

/** Changes the answer policy, or only shows it, and prints what is in force now. */
export async function dns(words: string[]): Promise<number> {
  const policy = (await askLab('dns', parseDnsWords(words))) as Policy;
  console.log(`AAAA ${policy.aaaa ? 'on' : 'off'} · TTL ${policy.ttlS} s`);
  for (const type of ['A', 'AAAA'] as const) console.log(`${type.padEnd(5)} ${policy.chains[type]}`);
  for (const { id, text } of policy.rules) console.log(`${id} · ${text}`);
  return 0;
}

/** Exit status 2 when the fault did not show. */
export async function applyFault(fault: string, host: string, options: Record<string, string>): Promise<number> {
  const observation = (await askLab('apply', { fault, host, options })) as Observation;
  console.log(seenText(`${fault} ${host}`, observation));
  return observation.seen ? 0 : 2;
}

/** Exit status 2 when the baseline did not return everywhere. */
export async function heal(host: string | undefined): Promise<number> {
  const healed = (await askLab('heal', { host: host ?? null })) as Healed[];
  for (const { fault, ...observation } of healed) console.log(seenText(`healed ${fault}`, observation));
  if (healed.length === 0) console.log('nothing was in force');
  return healed.every(({ seen }) => seen) ? 0 : 2;
}

function seenText(what: string, { seen, observed }: Observation): string {
  return `${what}: ${seen ? 'seen' : 'NOT seen'} (${observed})`;
}

/** `status=503 delayMs=200`: what a backend's application does from now on. */
export async function behave(backend: string, words: string[]): Promise<number> {
  const change = Object.fromEntries(Object.entries(splitAssignments(words)).map(([key, text]) => [key, /^\d+$/.test(text) ? Number(text) : (onOffWords[text] ?? text)]));
  console.log(JSON.stringify(await askLab('behave', { backend, change })));
  return 0;
}

const onOffWords: Record<string, boolean | undefined> = { on: true, off: false };

/** The lab that `lab up` keeps, and every docker lab, also what a crashed run left. */
export async function down(): Promise<number> {
  const { removeDockerLabs } = await import('../../network/drivers/docker.ts');
  const wasUp = await askLab('down', {}).then(
    () => true,
    (error: unknown) => {
      if (error instanceof LabError && error.code === 'NO_LAB') return false;
      throw error;
    },
  );
  const removed = (await removeDockerLabs()) ?? 0;
  const parts = [...(wasUp ? ['the lab that was up is going down'] : []), ...(removed > 0 ? [`${removed} docker containers and networks removed`] : [])];
  console.log(parts.join('; ') || 'nothing was up');
  return 0;
}

export const dnsUsage = `  lab dns                                       show the policy
  lab dns aaaa on|off                           AAAA records exist or not
  lab dns up|shuffle|rotate|sort on|off [TYPE]  switch a filter, for both types or one (A, AAAA)
  lab dns selectFirst N|off [TYPE]              how many records an answer holds
  lab dns chain FILTER…                         replace the chain, in this order: chain 'selectFirst 2' shuffle
  lab dns ttl SECONDS
  lab dns delay TYPE MS                         answer late
  lab dns drop TYPE on|off                      do not answer
  lab dns rcode TYPE RCODE|off                  SERVFAIL, NXDOMAIN, REFUSED, …
  lab dns record add|remove|up|down NAME TYPE ADDRESS`;

/**
 * The words after `lab dns` as a command of the DNS server.
 * @throws {LabError} BAD_INPUT with the usage.
 */
export function parseDnsWords(words: readonly string[]): { command: string; args: Record<string, unknown> } {
  const wrong = (): LabError => new LabError('BAD_INPUT', `Not a DNS switch: \`${words.join(' ')}\`. There are:\n${dnsUsage}`);
  const left = [...words];
  const next = (): string => {
    const word = left.shift();
    if (word === undefined) throw wrong();
    return word;
  };
  const onOff = (word: string): boolean => onOffWords[word] ?? raise(wrong());
  const count = (word: string): number => (/^\d+$/.test(word) ? Number(word) : raise(wrong()));
  /** Whatever its command, a switch takes all of its words. */
  const whole = (command: string, args: Record<string, unknown>): { command: string; args: Record<string, unknown> } => {
    if (left.length > 0) throw wrong();
    return { command, args };
  };
  const what = left.shift();
  switch (what) {
    case undefined:
      return whole('policy', {});
    case 'aaaa':
      return whole('aaaa', { on: onOff(next()) });
    case 'up':
    case 'shuffle':
    case 'rotate':
    case 'sort':
      return whole('filter', { filter: what, on: onOff(next()), type: left.shift() });
    case 'selectFirst': {
      const word = next();
      return whole('filter', { filter: what, ...(word === 'off' ? { on: false } : { on: true, n: count(word) }), type: left.shift() });
    }
    case 'chain':
      return whole('chain', { links: [next(), ...left.splice(0)] });
    case 'ttl':
      return whole('ttl', { seconds: count(next()) });
    case 'delay':
      return whole('impair', { type: next(), delayMs: count(next()) });
    case 'drop':
      return whole('impair', { type: next(), drop: onOff(next()) });
    case 'rcode': {
      const [type, rcode] = [next(), next()];
      return whole('impair', { type, rcode: rcode === 'off' ? null : rcode });
    }
    case 'record':
      return whole('record', { action: next(), name: next(), type: next(), address: next() });
    default:
      throw wrong();
  }
}

function raise(error: Error): never {
  throw error;
}

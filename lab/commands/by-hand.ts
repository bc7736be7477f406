/** What the second terminal says to the lab that `lab up` keeps: exec, dns, faults, heal, down. */
import { spawnSync } from 'node:child_process';
import { askLab } from '../by-hand.ts';
import { LabError } from '../errors.ts';
import type { Policy } from '../../services/dns/policy.ts';

/** Runs a command on a host, with this terminal; returns the command's own exit status. */
export async function exec(host: string, argv: string[]): Promise<number> {
  const [file = '', ...args] = (await askLab('argv', { host, argv })) as string[];
  // Ctrl-C is the command's; it reaches both, and the command's end ends this one.
  process.on('SIGINT', () => undefined);
  const { status, error } = spawnSync(file, args, { stdio: 'inherit' });
  if (error) throw new LabError('MISSING_TOOL', `Could not run \`${file}\`: ${error.message}`, { cause: error });
  return status ?? 1;
}

/** Changes the answer policy, or only shows it, and prints what is in force now. */
export async function dns(words: string[]): Promise<number> {
  const policy = (await askLab('dns', parseDnsWords(words))) as Policy;
  console.log(`AAAA ${policy.aaaa ? 'on' : 'off'} · TTL ${policy.ttlS} s`);
  for (const type of ['A', 'AAAA'] as const) {
    const { delayMs, drop, rcode } = policy.impairments[type];
    const impaired = [drop ? 'dropped' : '', delayMs > 0 ? `delayed by ${delayMs} ms` : '', rcode ? `answered with ${rcode}` : ''].filter(Boolean);
    console.log(`${type.padEnd(5)} ${policy.chains[type]}${impaired.length > 0 ? ` · ${impaired.join(', ')}` : ''}`);
  }
  return 0;
}

export async function applyFault(fault: string, backend: string, options: Record<string, string>): Promise<number> {
  await askLab('apply', { fault, backend, options });
  return 0;
}

export async function heal(backend: string | undefined): Promise<number> {
  const healed = (await askLab('heal', { backend: backend ?? null })) as string[];
  console.log(healed.length > 0 ? `healed ${healed.join(', ')}` : 'nothing was in force');
  return 0;
}

/** The lab that `lab up` keeps, and every docker lab, also what a crashed run left. */
export async function down(): Promise<number> {
  const { removeDockerLabs } = await import('../drivers/docker.ts');
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

export const dnsUsage = `  lab dns                                    show the policy
  lab dns aaaa on|off                        AAAA records exist or not
  lab dns up|shuffle|rotate|sort on|off      switch a filter, for both types
  lab dns selectFirst N|off                  how many records an answer holds
  lab dns chain FILTER…                      replace the chain, in this order: chain 'selectFirst 2' shuffle
  lab dns ttl SECONDS
  lab dns delay A|AAAA MS                    answer late
  lab dns drop A|AAAA on|off                 do not answer
  lab dns rcode A|AAAA RCODE|off             SERVFAIL, NXDOMAIN, REFUSED, …
  lab dns record add|remove|up|down NAME A|AAAA ADDRESS`;

/**
 * The words after `lab dns` as a command of the DNS server.
 * @throws {LabError} BAD_INPUT with the usage.
 */
export function parseDnsWords(words: readonly string[]): { command: string; args: Record<string, unknown> } {
  const [what = '', first, second, ...rest] = words;
  const wrong = (): LabError => new LabError('BAD_INPUT', `Not a DNS switch: \`${words.join(' ')}\`. There are:\n${dnsUsage}`);
  const onOff = (word: string | undefined): boolean => {
    if (word !== 'on' && word !== 'off') throw wrong();
    return word === 'on';
  };
  const count = (word: string | undefined): number => {
    if (word === undefined || !/^\d+$/.test(word)) throw wrong();
    return Number(word);
  };
  switch (what) {
    case '':
      return { command: 'policy', args: {} };
    case 'aaaa':
      return { command: 'aaaa', args: { on: onOff(first) } };
    case 'up':
    case 'shuffle':
    case 'rotate':
    case 'sort':
      return { command: 'filter', args: { filter: what, on: onOff(first) } };
    case 'selectFirst':
      return { command: 'filter', args: first === 'off' ? { filter: what, on: false } : { filter: what, on: true, n: count(first) } };
    case 'chain':
      return { command: 'chain', args: { links: words.slice(1) } };
    case 'ttl':
      return { command: 'ttl', args: { seconds: count(first) } };
    case 'delay':
      return { command: 'impair', args: { type: first, delayMs: count(second) } };
    case 'drop':
      return { command: 'impair', args: { type: first, drop: onOff(second) } };
    case 'rcode':
      return { command: 'impair', args: { type: first, rcode: second === 'off' ? null : second } };
    case 'record':
      return { command: 'record', args: { action: first, name: second, type: rest[0], address: rest[1] } };
    default:
      throw wrong();
  }
}

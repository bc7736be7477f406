/** Packet filters with memory, which routing rules do not have: nft(8). One table a fault, so that deleting it heals, and nothing else. */
import type { Family } from '../topology.ts';
import { runOn, type FaultTarget, type Heal } from './fault.ts';

/** nft's words for a family and for an address in a set. */
export const nftFamilies = { 4: { table: 'ip', address: 'ipv4_addr' }, 6: { table: 'ip6', address: 'ipv6_addr' } } as const;

/**
 * Puts one table a family in force.
 * @throws {Error} when nft is missing on the host, with the package to install.
 */
export async function applyTables(target: FaultTarget, name: string, families: Family[], build: (family: Family) => string): Promise<Heal> {
  const run = async (script: string): Promise<void> => {
    const { exitCode, stderr } = await target.host.run(['nft', script]);
    if (exitCode === 127) throw new Error(`nft is missing on ${target.name}; install nftables`);
    if (exitCode !== 0) throw new Error(`\`nft\` on ${target.name} ended with ${exitCode}: ${stderr}`);
  };
  for (const family of families) await run(build(family));
  return async () => {
    for (const family of families) await runOn(target, ['nft', `delete table ${nftFamilies[family].table} ${name}`]);
  };
}

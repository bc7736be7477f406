/** Packet filters with memory, which routing rules do not have: nft(8). One table a fault, so that deleting it heals, and nothing else. */
import type { Family } from '../vocabulary/topology.ts';
import { runOn, type FaultTarget, type Heal } from './fault.ts';

/** nft's words for a family and for an address in a set. */
export const nftFamilies = { 4: { table: 'ip', address: 'ipv4_addr' }, 6: { table: 'ip6', address: 'ipv6_addr' } } as const;

/**
 * Puts one table a family in force, all or none: nft(8) takes what it is given at once as one transaction.
 * @throws {Error} when nft is missing on the host, with the package to install, or its kernel has no tables of such a family.
 */
export async function applyTables(target: FaultTarget, name: string, families: Family[], build: (family: Family) => string): Promise<Heal> {
  const { exitCode, stderr } = await target.host.run(['nft', families.map(build).join('\n')]);
  if (exitCode === 127) throw new Error(`nft is missing on ${target.name}; install nftables`);
  if (stderr.includes('Operation not supported')) throw new Error(`the kernel of ${target.name} has no nftables for IP (CONFIG_NF_TABLES_IPV4, CONFIG_NF_TABLES_IPV6)`);
  if (exitCode !== 0) throw new Error(`\`nft\` on ${target.name} ended with ${exitCode}: ${stderr}`);
  return () => runOn(target, ['nft', families.map((family) => `delete table ${nftFamilies[family].table} ${name}`).join('; ')]);
}

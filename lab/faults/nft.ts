/** Packet filters that can remember flows, which routing rules cannot: nft(8). Each fault has its own table, so deleting the table heals that fault only. */
import type { Family } from '../vocabulary/topology.ts';
import { runOn, type FaultTarget, type Heal } from './fault.ts';

/** The nft keywords for a family, and for its addresses in a set. */
export const nftFamilies = { 4: { table: 'ip', address: 'ipv4_addr' }, 6: { table: 'ip6', address: 'ipv6_addr' } } as const;

/**
 * Adds one table for each family, all tables or none: nft(8) runs one script as one transaction. The returned heal deletes the tables.
 * @throws {Error} if nft is missing on the host (the message names the package to install), if the kernel has no tables for the family,
 * or if nft fails.
 */
export async function applyTables(target: FaultTarget, name: string, families: Family[], build: (family: Family) => string): Promise<Heal> {
  const { exitCode, stderr } = await target.host.run(['nft', families.map(build).join('\n')]);
  if (exitCode === 127) throw new Error(`nft is missing on ${target.name}; install nftables`);
  if (stderr.includes('Operation not supported')) throw new Error(`the kernel of ${target.name} has no nftables for IP; it needs CONFIG_NF_TABLES_IPV4 and CONFIG_NF_TABLES_IPV6`);
  if (exitCode !== 0) throw new Error(`\`nft\` on ${target.name} ended with ${exitCode}: ${stderr}`);
  return () => runOn(target, ['nft', families.map((family) => `delete table ${nftFamilies[family].table} ${name}`).join('; ')]);
}

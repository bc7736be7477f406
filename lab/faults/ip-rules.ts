/**
 * Rules that the kernel asks before its own `local` table (ip-rule(8)). Only such rules catch the packets that arrive for this host
 * itself. The table is moved behind these rules while there are any:
 *
 *   0 local · 32766 main            →            1, 2 faults · 3 local · 32766 main
 *
 * Rules with preference 1 act on leaving packets and do not need the move.
 */
import type { Family } from '../vocabulary/topology.ts';

export const rulesOnLeaving = '1';
export const rulesBeforeLocal = '2';
const movedLocal = '3';

/** The same shell checks and changes the table, because another fault may have moved it already, or may still need it moved. */
export function buildMoveLocal(family: Family): string {
  const ip = `ip -${family} rule`;
  return `if [ -z "$(${ip} show pref ${movedLocal})" ]; then ${ip} add pref ${movedLocal} lookup local; ${ip} delete pref 0; fi`;
}

export function buildMoveLocalBack(family: Family): string {
  const ip = `ip -${family} rule`;
  return `if [ -z "$(${ip} show pref ${rulesBeforeLocal})" ]; then ${ip} add pref 0 lookup local; ${ip} delete pref ${movedLocal}; fi`;
}

/**
 * Rules that come before the kernel's own `local` table (ip-rule(8)), so that what is for this host itself meets them. The table is
 * moved behind them while there are any:
 *
 *   0 local · 32766 main            →            1, 2 faults · 3 local · 32766 main
 *
 * Rules of preference 1 act on what leaves and need no move.
 */
import type { Family } from '../vocabulary/topology.ts';

export const rulesOnLeaving = '1';
export const rulesBeforeLocal = '2';
const movedLocal = '3';

/** Looked at in the same shell that changes it: another fault may have moved the table already, or still need it moved. */
export function buildMoveLocal(family: Family): string {
  const ip = `ip -${family} rule`;
  return `if [ -z "$(${ip} show pref ${movedLocal})" ]; then ${ip} add pref ${movedLocal} lookup local; ${ip} delete pref 0; fi`;
}

export function buildMoveLocalBack(family: Family): string {
  const ip = `ip -${family} rule`;
  return `if [ -z "$(${ip} show pref ${rulesBeforeLocal})" ]; then ${ip} add pref 0 lookup local; ${ip} delete pref ${movedLocal}; fi`;
}

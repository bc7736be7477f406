/**
 * Established connections are reset: `ss -K` (ss(8)) makes the server's kernel abort its sockets, which sends RST to each client. A
 * firewall or load balancer that loses its table and says so does the same. The fault acts once: new connections work, and healing has
 * nothing to undo.
 */
import { family } from '../vocabulary/options.ts';
import { defineFault, familiesOf, observeEach, runOn } from './fault.ts';
import type { Family } from '../vocabulary/topology.ts';

export const reset = defineFault({
  summary: 'resets the connections that are established now, once',
  effect: 'RST on kept connections (ECONNRESET); new connections work',
  on: ['backend'],
  options: { family: family('the IP family to reset, 0 for both') },
  holds: 'new',
  apply: async (target, options) => {
    for (const each of familiesOf(options.family)) await runOn(target, buildResetArgs(each, target.port));
    return () => Promise.resolve();
  },
  observe: (target, options) =>
    observeEach(familiesOf(options.family), async (each) => {
      const { outcome } = await target.held(each).ended(target.probe.endingMs);
      return { seen: outcome === 'ECONNRESET', observed: `kept connection ${outcome}` };
    }),
});

export function buildResetArgs(each: Family, port: number): string[] {
  return ['ss', `-${each}`, '-K', '-Htn', 'state', 'established', 'sport', '=', `:${port}`];
}

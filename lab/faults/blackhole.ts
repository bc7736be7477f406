/**
 * Silence: the backend receives, and its answers are dropped on their way out, in its own namespace (ip-rule(8), `blackhole`).
 * The client's kernel sees nothing at all: no RST, no ICMP, ARP and ND still answered. Dropping on the client's side would not
 * do: there a blackhole route fails at once with EINVAL. Established connections fall silent too.
 */
import { family } from '../options.ts';
import { httpPort, type Family } from '../topology.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach, runOn, tcp } from './fault.ts';

export const blackhole = defineFault({
  summary: 'drops every answer of the backend, in one family or both',
  effect: 'silence: SYNs are retransmitted until somebody gives up, established connections stall',
  options: { family: family('the family to silence, 0 for both') },
  apply: async (target, options) => {
    const families = familiesOf(options.family);
    await Promise.all(families.map((each) => runOn(target, buildBlackholeArgs('add', each, target.address(each)))));
    return async () => {
      await Promise.all(families.map((each) => runOn(target, buildBlackholeArgs('delete', each, target.address(each)))));
    };
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, ['silent'])),
});

/** Answers are what leaves the HTTP port. Preference 1 comes right after the local table. */
export function buildBlackholeArgs(action: 'add' | 'delete', each: Family, address: string): string[] {
  return ['ip', `-${each}`, 'rule', action, 'pref', '1', 'from', address, 'ipproto', tcp, 'sport', String(httpPort), 'blackhole'];
}

/**
 * Silence: the server receives, and its answers are dropped on their way out, in its own namespace (ip-rule(8), `blackhole`).
 * The client's kernel sees nothing at all: no RST, no ICMP, ARP and ND still answered. Dropping on the client's side would not
 * do: there a blackhole route fails at once with EINVAL. Established connections fall silent too.
 */
import { family } from '../options.ts';
import { dnsPort, httpPort, type Family, type TargetKind } from '../topology.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach, protocolNumbers, runOn } from './fault.ts';

export const blackhole = defineFault({
  summary: 'drops every answer of the server, in one family or both',
  effect: 'silence: SYNs are retransmitted until somebody gives up, established connections stall',
  on: ['backend', 'dns'],
  options: { family: family('the family to silence, 0 for both') },
  apply: async (target, options) => {
    const families = familiesOf(options.family);
    const rules = (action: 'add' | 'delete'): Promise<unknown> =>
      Promise.all(families.flatMap((each) => buildBlackholeArgs(action, target.kind, each, target.address(each))).map((argv) => runOn(target, argv)));
    await rules('add');
    return async () => { await rules('delete'); };
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, ['silent'])),
});

/** Answers are what leaves the server's port: HTTP's over TCP, DNS' over both. Preference 1 comes right after the local table. */
export function buildBlackholeArgs(action: 'add' | 'delete', kind: TargetKind, each: Family, address: string): string[][] {
  const [port, protocols] = kind === 'dns' ? [dnsPort, ['udp', 'tcp'] as const] : [httpPort, ['tcp'] as const];
  return protocols.map((protocol) => ['ip', `-${each}`, 'rule', action, 'pref', '1', 'from', address, 'ipproto', protocolNumbers[protocol], 'sport', String(port), 'blackhole']);
}

/**
 * A firewall rejects packets and says so: ICMP communication administratively prohibited (RFC 1812 section 5.2.7.1, type 3 code 13) or
 * host administratively prohibited (code 10), and their ICMPv6 counterpart (RFC 4443 section 3.1, type 1 code 1). unreachable.ts explains
 * how the lab sends them, and why IPv6 takes a second. A UDP socket gets the error at once; c-ares reports any such error as ECONNREFUSED.
 */
import { choice, family } from '../vocabulary/options.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach } from './fault.ts';
import { buildRejectScript, rejectWith, secondSynMs } from './unreachable.ts';

export const prohibited = defineFault({
  summary: 'answers with ICMP administratively prohibited, in one family or both',
  effect: 'IPv4: EHOSTUNREACH at once; IPv6: EACCES with the second SYN (1 s); established connections stall',
  on: ['backend', 'dns'],
  options: { code: choice([13, 10], 13, 'the ICMP code on IPv4: 13 for communication, 10 for host prohibited'), family: family('the IP family to prohibit, 0 for both') },
  apply: (target, options) => {
    const types = { 4: options.code === 13 ? 'admin-prohibited' : 'host-prohibited', 6: 'admin-prohibited' } as const;
    return rejectWith(target, 'prohibited', familiesOf(options.family), (each) => buildRejectScript('prohibited', each, target.port, types[each]));
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, [each === 4 ? 'EHOSTUNREACH' : 'EACCES'], { timeoutMs: secondSynMs, query: ['ECONNREFUSED'] })),
});

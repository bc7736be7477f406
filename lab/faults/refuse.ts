/**
 * The process still runs and its established connections still work, but it stops listening, so the kernel answers a SYN with RST
 * (RFC 9293 section 3.10.7.1). A real refusal needs no packet filter. An ICMP port unreachable would take 1 s on IPv6.
 */
import { family } from '../vocabulary/options.ts';
import { connectEndsWith, defineFault, familiesOf, observeEach } from './fault.ts';

export const refuse = defineFault({
  summary: 'closes the listening socket, in one family or both; established connections still work',
  effect: 'new connections are refused (RST)',
  on: ['backend'],
  options: { family: family('the IP family to refuse, 0 for both') },
  apply: async (target, options) => {
    const families = familiesOf(options.family);
    for (const each of families) await target.service().call('refuse', { family: each });
    return async () => {
      for (const each of families) await target.service().call('listen', { family: each });
    };
  },
  observe: (target, options) => observeEach(familiesOf(options.family), (each) => connectEndsWith(target, each, ['ECONNREFUSED'])),
});

/**
 * The flags AA (the server has the zone itself) and RA (the server asks others for the client) tell who answers (RFC 1035 section 4.1.1).
 * Without both, an answer without a record is a lame one: it comes from a server that knows nothing of the name and asks nobody. A resolver
 * then asks the next name server, or asks again (glibc resolv/res_send.c, "lame server"; Go net/dnsclient_unix.go, errLameReferral).
 */
import { choice } from '../vocabulary/options.ts';
import { firstReply, observeAnswers, rcodeOf, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault, type FaultTarget, type Observation } from './fault.ts';

export const dnsFlags = defineFault({
  summary: 'changes the flags AA (authoritative) and RA (recursion available) of the answers',
  effect: 'answers with addresses work; an answer without a record and without both flags is lame: a resolver asks again, or the next server',
  on: ['dns'],
  options: {
    aa: choice(['on', 'off'], 'off', 'the flag AA, authoritative answer'),
    ra: choice(['on', 'off'], 'off', 'the flag RA, recursion available'),
    ...whichQueries,
    ...share,
  },
  apply: async (target, options) => {
    if ((await observe(target, options)).seen) throw new Error('the answers have these flags even without the fault, so the fault would change nothing');
    return await setRule(target, 'dns-flags', options, { aa: options.aa === 'on', ra: options.ra === 'on' });
  },
  observe,
});

type Options = Parameters<typeof setRule>[2] & { aa: 'on' | 'off'; ra: 'on' | 'off' };

function observe(target: FaultTarget, options: Options): Promise<Observation> {
  return observeAnswers(target, options, (asked) => {
    const reply = firstReply(asked);
    // An error is no answer from any zone, so it never has AA.
    const isError = !['NOERROR', 'NXDOMAIN'].includes(rcodeOf(reply));
    return (isError || reply?.aa === (options.aa === 'on')) && reply?.ra === (options.ra === 'on');
  });
}

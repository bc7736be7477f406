/** The server reads queries for a name, all of them or a share, and never answers them. For a resolver this is the same as a lost packet. */
import { observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

export const dnsDrop = defineFault({
  summary: 'does not answer DNS queries',
  effect: 'silence until the resolver asks again or gives up (resolv.conf(5): timeout, attempts)',
  on: ['dns'],
  options: { ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-drop', options, { drop: true }),
  observe: (target, options) => observeAnswers(target, options, ({ outcome }) => outcome === 'silent', { timeoutMs: target.probe.silenceMs }),
});

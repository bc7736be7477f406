/** Some queries, or all for a name, are read and never answered: to a resolver the same as a packet that was lost. */
import { observeAnswers, setRule, share, whichQueries } from './dns-rule.ts';
import { defineFault } from './fault.ts';

/** Silence that long is silence. */
const silenceMs = 150;

export const dnsDrop = defineFault({
  summary: 'leaves queries without an answer',
  effect: 'silence, until the resolver asks again or gives up (resolv.conf(5): timeout, attempts)',
  on: ['dns'],
  options: { ...whichQueries, ...share },
  apply: (target, options) => setRule(target, 'dns-drop', options, { drop: true }),
  observe: (target, options) => observeAnswers(target, options, ({ outcome }) => outcome === 'silent', { timeoutMs: silenceMs }),
});

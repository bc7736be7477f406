import { defineScenario } from '../lab/run/scenario.ts';
import { askOnce, lateChecks, lateMs, waitedChecks } from './slow-answer-common.ts';

export const slowA = defineScenario({
  title: 'the A answer comes late: does the client go on with AAAA?',
  teaches: 'Even the family that will not be used is waited for: one slow answer of two delays every new connection.',
  predict: `AAAA is answered at once, A after ${lateMs} ms, and IPv6 works. RFC 8305 would connect over IPv6 at once. When does the first SYN leave?`,
  explains:
    'The preferred family’s answer is there, all of its addresses work, and nothing but the program’s own resolver call stands in the way: ' +
    'getaddrinfo returns when both answers are there. RFC 8305 section 3 has no delay at all for this case: AAAA first means connect now. The ' +
    'other case, a late AAAA, is slow-aaaa.',
  sources: ['RFC 8305 section 3 (AAAA first: connect immediately)', 'getaddrinfo(3)', 'Node lib/net.js, lookupAndConnectMultiple'],
  reproduces: ['S9', 'S13'],
  run: (stage) => askOnce(stage, 'A'),
  checks: (result) => lateChecks(result, 'A'),
  contract: (result) => waitedChecks(result, 'A'),
});

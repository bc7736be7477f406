import { defineScenario } from '../lab/run/scenario.ts';
import { askOnce, lateChecks, lateMs, waitedChecks } from './slow-answer-common.ts';

export const slowA = defineScenario({
  title: 'the A answer is late: does the client connect with the AAAA answer?',
  teaches: 'The client waits even for the family that it will not use. One slow answer of two delays every new connection.',
  predict: `DNS answers AAAA at once and A after ${lateMs} ms, and IPv6 works. RFC 8305 would connect over IPv6 at once. When does the first SYN leave?`,
  explains:
    'The answer for the preferred family is there, and all of its addresses work. Only the program’s own resolver call stands in the way: ' +
    'getaddrinfo returns when both answers are there. RFC 8305 section 3 has no delay at all for this case: when AAAA comes first, connect at ' +
    'once. slow-aaaa is the other case, a late AAAA answer.',
  sources: ['RFC 8305 section 3 (AAAA first: connect immediately)', 'getaddrinfo(3)', 'Node lib/net.js, lookupAndConnectMultiple'],
  reproduces: ['S9', 'S13'],
  run: (stage) => askOnce(stage, 'A'),
  checks: (result) => lateChecks(result, 'A'),
  contract: (result) => waitedChecks(result, 'A'),
});

import { defineScenario } from '../lab/run/scenario.ts';
import { askOnce, lateChecks, lateMs, waitedChecks } from './slow-answer-common.ts';

export const slowAaaa = defineScenario({
  title: 'the AAAA answer comes late: does the client go on with A?',
  teaches: 'Happy Eyeballs covers slow connects, and in most clients not slow DNS: who resolves both families at once waits for the slower answer.',
  predict: `A is answered at once, AAAA after ${lateMs} ms. RFC 8305 would wait 50 ms and connect over IPv4. What is the time between the A answer and the first SYN, and which family is it?`,
  explains:
    'RFC 8305 asks for a resolution delay: when A is there and AAAA is not, wait 50 ms, then begin with IPv4. That needs a resolver that gives ' +
    'answers as they come. getaddrinfo returns when it has both, and so does a program that awaits both of c-ares’ answers. Node hears of the A ' +
    'answer only with the AAAA answer, and so the delay is the whole delay of the slower one, on each new connection, and then IPv6 is tried first as ever. A ' +
    'DNS server that is slow on AAAA alone slows down networks that have no IPv6 at all (address-queries).',
  sources: ['RFC 8305 section 3 (resolution delay)', 'RFC 4074 (misbehaviour against AAAA queries)', 'getaddrinfo(3)', 'Node lib/net.js, lookupAndConnectMultiple'],
  reproduces: ['S9', 'S13'],
  run: (stage) => askOnce(stage, 'AAAA'),
  checks: (result) => lateChecks(result, 'AAAA'),
  contract: (result) => waitedChecks(result, 'AAAA'),
});

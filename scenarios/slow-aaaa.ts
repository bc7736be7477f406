import { defineScenario } from '../lab/run/scenario.ts';
import { askOnce, lateChecks, lateMs, waitedChecks } from './slow-answer-common.ts';

export const slowAaaa = defineScenario({
  title: 'the AAAA answer is late: does the client connect with the A answer?',
  teaches:
    'Happy Eyeballs helps with slow connects. In most clients it does not help with slow DNS: a client that ' +
    'resolves both families in one call waits for the slower answer.',
  predict:
    `DNS answers A at once and AAAA after ${lateMs} ms. RFC 8305 would wait 50 ms and connect over IPv4. How long after the A answer does the ` +
    'first SYN leave, and which family does it use?',
  explains:
    'RFC 8305 asks for a resolution delay: when A is there and AAAA is not, wait 50 ms, then begin with IPv4. This needs a resolver that gives ' +
    'each answer as it comes. getaddrinfo returns when it has both, and a program that awaits both answers of c-ares does the same. Node hears ' +
    'of the A answer only together with the AAAA answer. So each new connection waits for the slower answer, and then the client tries IPv6 ' +
    'first as always. A DNS server that is slow on AAAA alone slows down networks that have no IPv6 at all (address-queries).',
  sources: ['RFC 8305 section 3 (resolution delay)', 'RFC 4074 (misbehaviour against AAAA queries)', 'getaddrinfo(3)', 'Node lib/net.js, lookupAndConnectMultiple'],
  reproduces: ['S9', 'S13'],
  run: (stage) => askOnce(stage, 'AAAA'),
  checks: (result) => lateChecks(result, 'AAAA'),
  contract: (result) => waitedChecks(result, 'AAAA'),
});

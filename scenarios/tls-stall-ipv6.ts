import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { usualPatienceMs } from '../lab/vocabulary/limits.ts';
import { attemptsText, triedCheck } from './common.ts';
import { measure, measuredEvents, measureLimitMs } from './matrix/failure.ts';
import { sinceHello, undiciConnectMs, undiciTolerance } from './tls-common.ts';

export const tlsStallIpv6 = defineScenario({
  title: 'TLS is silent over IPv6 and well over IPv4: does Happy Eyeballs still help?',
  teaches: 'Happy Eyeballs protects from an IPv6 that does not connect. It does not protect from an IPv6 that connects and then is silent.',
  predict: 'This is ipv6-blackhole one step later: each backend accepts TCP over IPv6, and never answers the ClientHello there. After how long does the client try IPv4?',
  explains:
    'In ipv6-blackhole the SYN is lost, so no address has won when the fallback delay is over, and IPv4 is tried. Here the SYN-ACK comes at once. RFC 8305 takes that for success: ' +
    'the client stops all other attempts, and there is no timer that would start IPv4. A path over IPv6 that loses large packets looks like this, too: the small SYN and its answer pass, and the certificate of the ' +
    'server does not. The caller waits for a limit of the client: 10 s in Node’s fetch, none in node:https, where the ' +
    `lab ends the wait after ${usualPatienceMs / 1000} s, or as \`--patience\` says. IPv4 is not tried at all. Version 3 of Happy Eyeballs, a draft, starts the next attempt when TLS is not done after the attempt delay.`,
  sources: ['RFC 8305 section 5 (an attempt succeeds, generally, when the TCP handshake completes)', 'draft-ietf-happy-happyeyeballs-v3 (the TLS handshake decides)', 'RFC 4821 section 1 (large packets that are lost without a word)', 'undici lib/core/connect.js (the timeout of 10 s ends with `secureConnect`)'],
  reproduces: ['S13', 'S19'],
  https: true,
  limitMs: measureLimitMs,
  run: async (stage) => {
    await stage.dns.aaaa(true);
    // The answer is shuffled, so every backend gets the fault: then the first IPv6 address is always a silent one.
    await Promise.all(stage.topology.backends.map((backend) => stage.apply('tls-stall', backend, { family: 6 })));
    return await measure(stage);
  },
  checks: ({ findings, events }) => {
    const answered = measuredEvents(events).filter((event) => event.event === 'wire:server-hello' && event.family === 6).length;
    return [triedCheck(findings), check('no ServerHello came over IPv6', answered === 0, `${answered} came`)];
  },
  contract: ({ client, events, findings: { attempts }, data: { outcome } }) => {
    const path = attempts.map((each) => `IPv${each.family} ${each.outcome}`).join(', ');
    const one = check('IPv6 connected, and IPv4 was not tried', path === 'IPv6 connected', attemptsText(attempts));
    if (client.timeoutMs !== null || client.connectTimeoutMs !== null) return [one];
    if (client.transport === 'http') return [one, check('the caller was still waiting when the lab ended the wait', outcome === 'no answer', outcome)];
    return [one, check('the caller got UND_ERR_CONNECT_TIMEOUT', outcome === 'UND_ERR_CONNECT_TIMEOUT', outcome), checkDelay('from the ClientHello to the error', sinceHello({ events }), undiciConnectMs, undiciTolerance)];
  },
});

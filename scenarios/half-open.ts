import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { domain, httpPort } from '../lab/vocabulary/topology.ts';
import { answererOf, triedCheck } from './common.ts';
import { doublingCheck, resentRequest } from './retransmission-common.ts';

/** The client's kernel gives up after 1.4 s and more instead of after 924.6 s. */
const retries2 = 2;
const setting = '/proc/sys/net/ipv4/tcp_retries2';
/** The least retransmission timeout of Linux (TCP_RTO_MIN), from which it reckons its limit. */
const leastTimeoutMs = 200;
/** The timer wheel rounds up by at most an eighth; then two processes have to hear of it. */
const giveUpTolerance = (waitMs: number): { earlyMs: number; lateMs: number } => ({ earlyMs: Math.ceil(waitMs / 8), lateMs: Math.ceil(waitMs / 8) + 200 });

export const halfOpen = defineScenario({
  title: 'a kept connection that only the client still believes in: how long until somebody notices?',
  teaches: 'A NAT or firewall that forgets a connection leaves both ends believing in it. Only the caller’s patience, or 15 minutes of retransmissions, ends that.',
  predict: `New connections to the server work; the kept one has gone deaf. The client takes it for its next request, and has no limit of its own. What does the wire show? Its kernel’s tcp_retries2 is ${retries2} instead of 15: when does the client hear of it?`,
  explains:
    'The request is sent into the void and the kernel sends it again: after some 200 ms, then each time after twice as long, up to two ' +
    'minutes apart. Its limit is `tcp_retries2`, which counts no packets but is made a time: as long as so many doublings of the least timeout ' +
    'take, 0.2 s each. 15, the default: 0.2 · (2⁰ + … + 2⁹) + 6 · 120 = 204.6 + 720 = 924.6 s, a quarter of an hour. ' +
    `Here it is ${retries2}: 0.2 · (1 + 2 + 4) = 1.4 s. The timer that expires first after that time ends the connection, ETIMEDOUT: it is counted from the ` +
    'first expiry, so it comes later than the sum by up to one more doubling. No keep-alive probe ' +
    'shortens that: probes run on idle connections, and this one has data under way. HTTP has no limit of its own. So with the default only the caller’s ' +
    'timeout counts (try `--set timeoutMs=1000`); when the connection is closed the next request dials, and works at once.',
  sources: ['tcp(7) (tcp_retries2)', 'ip-sysctl (tcp_retries2: 924.6 seconds is a lower bound)', 'Linux net/ipv4/tcp_timer.c, tcp_model_timeout and retransmits_timed_out', 'RFC 6298 section 5 (the timer doubles)', 'RFC 9293 section 3.8.4 (keep-alive)'],
  reproduces: ['S8', 'S17'],
  topology: { clientSysctls: { 'net.ipv4.tcp_retries2': retries2 } },
  run: async ({ client, apply, note }) => {
    const url = `http://backend-1.${domain}:${httpPort}/`;
    const set = Number((await client.$`cat ${setting}`).stdout);
    note(`tcp_retries2 = ${set}`);
    const before = await client.get(url);
    await apply('half-open', 'backend-1', { family: 4 });
    const kept = await client.get(url);
    const next = await client.get(url);
    return { set, before, kept, next };
  },
  checks: ({ topology, findings, events, data: { set, before, next } }) => {
    const cutMs = events.find(({ event }) => event === 'fault:verified')?.tMs ?? Infinity;
    const old = new Set(events.flatMap((event) => (event.event === 'wire:syn' && event.tMs < cutMs ? [event.localPort] : [])));
    const heard = events.filter((event) => event.event === 'wire:response' && event.tMs > cutMs && old.has(event.localPort));
    return [
      check('the client’s kernel has the limit that was asked for', set === retries2, `tcp_retries2 = ${set}`),
      triedCheck(findings),
      check('backend-1 answered before', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
      check('nothing was heard any more on a connection of before', heard.length === 0, `${heard.length} responses`),
      check('a new connection was answered', answererOf(topology, next) === 'backend-1', answererOf(topology, next)),
    ];
  },
  contract: ({ events, client, data: { kept } }) => {
    const resent = resentRequest(events);
    const error = events.find((event) => event.event === 'client:error' && event.request === 2);
    const [againMs, gapsMs] = [resent?.againMs ?? [], resent?.gapsMs ?? []];
    // A tail loss probe is no expiry of the timer: two waits of the same length begin with one.
    const firstExpiry = gapsMs.length > 1 && (gapsMs[1] ?? 0) < 1.5 * (gapsMs[0] ?? 0) ? 1 : 0;
    const [fromMs, lastMs, waitMs] = [againMs[firstExpiry] ?? NaN, againMs.at(-1) ?? NaN, 2 * (gapsMs.at(-1) ?? NaN)];
    const limitMs = leastTimeoutMs * (2 ** (retries2 + 1) - 1);
    const unanswered = check('the kept connection was used, and nothing came', !kept.ok, kept.ok ? 'answered' : kept.error);
    if (client.timeoutMs !== null) return [unanswered];
    return [
      unanswered,
      check('its error is the kernel’s: ETIMEDOUT', error?.event === 'client:error' && error.causes.some((cause) => cause.includes('ETIMEDOUT')), error?.event === 'client:error' ? error.causes.join(' ← ') : 'none'),
      doublingCheck(resent, 1),
      check(`it was sent again for less than ${limitMs} ms after the first expiry`, lastMs - fromMs < limitMs, `${(lastMs - fromMs).toFixed(0)} ms`),
      check('and given up after more', (error?.tMs ?? 0) - fromMs >= limitMs, `${((error?.tMs ?? NaN) - fromMs).toFixed(0)} ms`),
      checkDelay('given up when the next one was due, twice the last wait after it', error ? error.tMs - lastMs : null, Math.round(waitMs), giveUpTolerance(waitMs)),
    ];
  },
});

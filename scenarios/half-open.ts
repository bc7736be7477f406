import { check, checkDelay, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';
import { answererOf, triedCheck } from './common.ts';
import { doublingCheck, resentRequest } from './retransmission-common.ts';

/** With this setting the client's kernel gives up after 1.4 s or later. With the default, 15, it would be 924.6 s or later. */
const retries2 = 2;
const setting = '/proc/sys/net/ipv4/tcp_retries2';
/** The minimum retransmission timeout of Linux (TCP_RTO_MIN). The kernel calculates its limit from it. */
const leastTimeoutMs = 200;
/** The kernel's timer wheel rounds a wait up by at most an eighth. Then two processes have to notice the end. */
const giveUpTolerance = (waitMs: number): { earlyMs: number; lateMs: number } => ({ earlyMs: Math.ceil(waitMs / 8), lateMs: Math.ceil(waitMs / 8) + 200 });

export const halfOpen = defineScenario({
  title: 'a kept-alive connection goes silent and nobody is told: how long until the client notices?',
  teaches:
    'When a NAT or a firewall forgets a connection, both ends still believe in it. Only the ' +
    'caller’s time limit, or 15 minutes of retransmissions, ends it.',
  predict:
    'New connections to the backend work, but the kept-alive connection is silent. The client uses it for its next request, without a time limit ' +
    `of its own. What does the wire show? The client’s kernel has tcp_retries2 = ${retries2} instead of 15: when does the client get an error?`,
  explains:
    'The request is lost, and the kernel sends it again: after some 200 ms, then each time after twice as long, up to two minutes apart. ' +
    'The limit is `tcp_retries2`. The kernel does not count packets for it. It turns the number into a time: the minimum timeout of 0.2 ' +
    's, plus that many doublings of it, each 120 s at most. For the default of 15 this is 0.2 · (2⁰ + … + 2⁹) + 6 · 120 = 204.6 + 720 = ' +
    `924.6 s, a quarter of an hour. Here the setting is ${retries2}: 0.2 · (1 + 2 + 4) = 1.4 s. The first timer that expires after this ` +
    'time ends the connection with ETIMEDOUT. The kernel counts the time from the first expiry, so the error comes later than the sum, by ' +
    'up to one more doubling. Keep-alive probes do not shorten this: they run on idle connections, and this connection has data under ' +
    'way. HTTP has no limit of its own. So with the default only the caller’s timeout helps (try `--set timeoutMs=1000`). When the ' +
    'connection is closed, the next request opens a new one and works at once.',
  sources: ['tcp(7) (tcp_retries2)', 'ip-sysctl (tcp_retries2: 924.6 seconds is a lower bound)', 'Linux net/ipv4/tcp_timer.c, tcp_model_timeout and retransmits_timed_out', 'RFC 6298 section 5 (the timer doubles)', 'RFC 9293 section 3.8.4 (keep-alive)'],
  reproduces: ['S8', 'S17'],
  topology: { clientSysctls: { 'net.ipv4.tcp_retries2': retries2 } },
  run: async ({ client, apply, note, topology }) => {
    const url = urlOf(topology, nameOf('backend-1'));
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
    const askedMs = events.find((event) => event.event === 'client:request' && event.request === 3)?.tMs ?? Infinity;
    const usedOld = events.some((event) => event.event === 'wire:request' && event.tMs >= askedMs && old.has(event.localPort));
    return [
      check(`the client’s kernel has the limit of this scenario, tcp_retries2 = ${retries2}`, set === retries2, `tcp_retries2 = ${set}`),
      triedCheck(findings),
      check('backend-1 answered before the fault', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
      check('after the fault, no response came on a connection from before', heard.length === 0, `${heard.length} responses`),
      checkUnless(
        usedOld ? 'the client sent the next request on another connection from before the fault' : null,
        check('backend-1 answered the next request, on a new connection', answererOf(topology, next) === 'backend-1', answererOf(topology, next)),
      ),
    ];
  },
  contract: ({ events, client, data: { kept } }) => {
    const resent = resentRequest(events);
    const error = events.find((event) => event.event === 'client:error' && event.request === 2);
    const [againMs, gapsMs] = [resent?.againMs ?? [], resent?.gapsMs ?? []];
    // A tail loss probe is not an expiry of the timer. When the first two waits have the same length, the first retransmission was a probe.
    const firstExpiry = gapsMs.length > 1 && (gapsMs[1] ?? 0) < 1.5 * (gapsMs[0] ?? 0) ? 1 : 0;
    const [fromMs, lastMs, waitMs] = [againMs[firstExpiry] ?? NaN, againMs.at(-1) ?? NaN, 2 * (gapsMs.at(-1) ?? NaN)];
    const limitMs = leastTimeoutMs * (2 ** (retries2 + 1) - 1);
    const unanswered = check('the request on the kept-alive connection was not answered', !kept.ok, kept.ok ? 'answered' : kept.error);
    if (client.timeoutMs !== null) return [unanswered];
    return [
      unanswered,
      check('the error comes from the kernel: ETIMEDOUT', error?.event === 'client:error' && error.causes.some((cause) => cause.includes('ETIMEDOUT')), error?.event === 'client:error' ? error.causes.join(' ← ') : 'none'),
      doublingCheck(resent, 1),
      check(`the last retransmission left less than ${limitMs} ms after the first expiry`, lastMs - fromMs < limitMs, `${(lastMs - fromMs).toFixed(0)} ms`),
      check(`the kernel gave up ${limitMs} ms or more after the first expiry`, (error?.tMs ?? 0) - fromMs >= limitMs, `${((error?.tMs ?? NaN) - fromMs).toFixed(0)} ms`),
      checkDelay('the kernel gave up when the next retransmission was due, after twice the last wait', error ? error.tMs - lastMs : null, Math.round(waitMs), giveUpTolerance(waitMs)),
    ];
  },
});

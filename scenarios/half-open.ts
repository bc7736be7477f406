import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/scenario.ts';
import { domain, httpPort } from '../lab/topology.ts';
import { answererOf, requestTolerance, tookMs, triedCheck } from './common.ts';

const timeoutMs = 2_500;

export const halfOpen = defineScenario({
  title: 'a kept connection that only the client still believes in: how long until somebody notices?',
  teaches: 'A NAT or firewall that forgets a connection leaves both ends believing in it. Only the caller’s patience, or 15 minutes of retransmissions, ends that.',
  predict: 'New connections to the server work; the kept one has gone deaf. The client takes it for its next request. What does the wire show, and when does the client give up?',
  explains:
    'The request is sent into the void and the kernel sends it again: after some 200 ms, then each time after twice as long, up to two ' +
    'minutes apart. Its limit is `tcp_retries2`: 15 retransmissions, 0.2 · (2⁰ + … + 2⁹) + 6 · 120 = 924.6 s. No keep-alive probe ' +
    'shortens that: probes run on idle connections, and this one has data under way. HTTP has no limit of its own. So the caller’s ' +
    'timeout is the only one that counts, and when it closes the connection the next request dials, and works at once.',
  sources: ['tcp(7) (tcp_retries2)', 'ip-sysctl (tcp_retries2: 924.6 seconds is a lower bound)', 'RFC 6298 section 5 (the timer doubles)', 'RFC 9293 section 3.8.4 (keep-alive)'],
  reproduces: ['S8', 'S17'],
  client: { timeoutMs },
  run: async ({ client, apply }) => {
    const url = `http://backend-1.${domain}:${httpPort}/`;
    const before = await client.get(url);
    await apply('half-open', 'backend-1', { family: 4 });
    const kept = await client.get(url);
    const next = await client.get(url);
    return { before, kept, next };
  },
  checks: ({ topology, findings, events, data: { before, next } }) => {
    const cutMs = events.find(({ event }) => event === 'fault:verified')?.tMs ?? Infinity;
    const old = new Set(events.flatMap((event) => (event.event === 'wire:syn' && event.tMs < cutMs ? [event.localPort] : [])));
    const heard = events.filter((event) => event.event === 'wire:response' && event.tMs > cutMs && old.has(event.localPort));
    return [
      triedCheck(findings),
      check('backend-1 answered before', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
      check('nothing was heard any more on a connection of before', heard.length === 0, `${heard.length} responses`),
      check('a new connection was answered', answererOf(topology, next) === 'backend-1', answererOf(topology, next)),
    ];
  },
  contract: ({ events, client, data: { kept } }) => {
    const request = events.filter((event) => event.event === 'wire:request')[1];
    const again = events.filter((event) => event.event === 'wire:data-retransmission' && event.localPort === (request?.event === 'wire:request' ? request.localPort : 0));
    const gaps = again.map(({ tMs }, index) => tMs - (again[index - 1]?.tMs ?? request?.tMs ?? 0));
    // The first may be a tail loss probe (RFC 8985 section 7), which comes earlier than the timer.
    const growth = gaps.slice(2).map((gap, index) => gap / (gaps[index + 1] ?? gap));
    return [
      check('the kept connection was used, and nothing came', !kept.ok, kept.ok ? 'answered' : kept.error),
      checkDelay('it was left by the caller’s limit only', tookMs(events, 2), client.timeoutMs ?? timeoutMs, requestTolerance),
      check('the kernel sent the request again, each time after about twice as long', growth.length > 0 && growth.every((factor) => factor > 1.6 && factor < 2.4), gaps.map((gap) => `+${gap.toFixed(0)} ms`).join(' ')),
    ];
  },
});

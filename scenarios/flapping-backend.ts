import { check, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';
import { tookMs } from './common.ts';

const upMs = 500;
const downMs = 400;
/** Two cycles, so that the link is down during some request, whatever the phase. */
const lastsMs = 2 * (upMs + downMs);
const pauseMs = 40;
/** The minimum time after which Linux sends data again (TCP_RTO_MIN, tcp(7)). RFC 6298 asks for one second. */
const retransmissionMs = 200;
/** The kernel's first wait before it sends a SYN again (RFC 6298 section 2.1). */
const synTimeoutMs = 1_000;
const backend = 'backend-1';

export const flappingBackend = defineScenario({
  title: 'the link of a backend goes down and up: does the client notice, or only its kernel?',
  teaches: 'TCP handles a short outage: it sends the lost data again, the connection lives on, and the client sees only a slow request.',
  predict:
    `The link is up for ${upMs} ms and down for ${downMs} ms, again and again, under a kept-alive ` +
    'connection. Which requests fail? How long does the slowest one take?',
  explains:
    'Nothing tells either end that the link is down: there is no FIN, no RST and no ICMP. The sender’s kernel repeats the segment after its ' +
    'retransmission timeout, which is 200 ms at least and doubles each time. So an outage costs up to twice its length: when a retransmission ' +
    'comes just before the link is up, the next one comes only after the same time again. The client plays no part in this, and has no reason to ' +
    'connect again or to ask DNS. When the outage is longer than the caller’s limit, see host-vanishes.',
  sources: ['RFC 6298 section 5 (retransmission timer, back-off)', 'RFC 9293 section 3.8.1', 'Linux include/net/tcp.h (TCP_RTO_MIN)'],
  reproduces: ['S17'],
  run: async ({ client, apply, wait, topology }) => {
    const url = urlOf(topology, nameOf(backend));
    // The client connects before the link starts to flap.
    const answers = [await client.get(url)];
    await apply('flap', backend, { upMs, downMs });
    const startMs = performance.now();
    while (performance.now() - startMs < lastsMs) {
      answers.push(await client.get(url));
      await wait(pauseMs);
    }
    return answers;
  },
  checks: ({ events, data }) => {
    const again = events.filter((event) => event.event === 'wire:data-retransmission' || event.event === 'wire:syn-retransmission');
    // The kernel sends a SYN again after a second, and data after 200 ms or more. A client with a limit below that has given up by then.
    const failedMs = data.flatMap(({ ok }, index) => (ok ? [] : [tookMs(events, index + 1) ?? Infinity]));
    const unseen = again.length > 0 || failedMs.some((ms) => ms >= synTimeoutMs + 100) ? null
      : failedMs.length === 0 ? 'no packet met the link while it was down' : 'the client gave up before the kernel sent anything again';
    return [checkUnless(unseen, check('a lost SYN or lost data had to be sent again', again.length > 0, `${again.length} retransmissions`))];
  },
  contract: ({ events, findings: { connections }, data }) => {
    const times = data.map((_, index) => tookMs(events, index + 1) ?? Infinity);
    const slowest = Math.max(...times);
    return [
      check('every request was answered', data.every(({ ok }) => ok), `${data.filter(({ ok }) => ok).length} of ${data.length}`),
      check('all requests used one connection', connections.opened === 1, `${connections.opened} opened, reused ${connections.reused} times`),
      check(`the slowest request waited for a retransmission: ${retransmissionMs} ms or more`, slowest >= retransmissionMs && slowest < Infinity, `${slowest.toFixed(0)} ms`),
      check(`most requests took less than ${retransmissionMs} ms`, times.filter((ms) => ms < retransmissionMs).length > data.length / 2, `${times.filter((ms) => ms < retransmissionMs).length} of ${data.length}`),
    ];
  },
});

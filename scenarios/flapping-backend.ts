import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { domain, httpPort } from '../lab/vocabulary/topology.ts';
import { tookMs } from './common.ts';

const upMs = 500;
const downMs = 400;
/** Two cycles: whatever the phase, the link is down while somebody asks. */
const lastsMs = 2 * (upMs + downMs);
const pauseMs = 40;
/** The least time after which Linux sends data again (TCP_RTO_MIN, tcp(7) and RFC 6298's second to the contrary). */
const retransmissionMs = 200;
const backend = 'backend-1';
const url = `http://${backend}.${domain}:${httpPort}/`;

export const flappingBackend = defineScenario({
  title: 'the link of a server comes and goes: who notices, the client or only its kernel?',
  teaches: 'A short outage is TCP’s business: what was lost is sent again, the connection lives, and the client sees nothing but a slow request.',
  predict: `The link is up for ${upMs} ms and down for ${downMs} ms, again and again, under a kept-alive connection. Which requests fail, and how long does the slowest one take?`,
  explains:
    'Nothing tells either end that the link is down: no FIN, no RST, no ICMP. The sender’s kernel repeats the segment after its retransmission ' +
    'timeout, which is 200 ms at least and doubles each time, so an outage costs up to twice its length: a repetition that comes just before the link ' +
    'is up waits as long again. The client has no part in it, and no reason to dial or to ask DNS. With an outage longer than its patience it is another story: host-vanishes.',
  sources: ['RFC 6298 section 5 (retransmission timer, back-off)', 'RFC 9293 section 3.8.1', 'Linux include/net/tcp.h (TCP_RTO_MIN)'],
  reproduces: ['S17'],
  run: async ({ client, apply, wait }) => {
    // Connected before the link flaps.
    const answers = [await client.get(url)];
    await apply('flap', backend, { upMs, downMs });
    const startMs = performance.now();
    while (performance.now() - startMs < lastsMs) {
      answers.push(await client.get(url));
      await wait(pauseMs);
    }
    return answers;
  },
  checks: ({ events }) => {
    const again = events.filter((event) => event.event === 'wire:data-retransmission' || event.event === 'wire:syn-retransmission');
    return [check('something had to be sent again', again.length > 0, `${again.length} retransmissions`)];
  },
  contract: ({ events, findings: { connections }, data }) => {
    const times = data.map((_, index) => tookMs(events, index + 1) ?? Infinity);
    const slowest = Math.max(...times);
    return [
      check('every request was answered', data.every(({ ok }) => ok), `${data.filter(({ ok }) => ok).length} of ${data.length}`),
      check('on one connection', connections.opened === 1, `${connections.opened} opened, reused ${connections.reused} times`),
      check(`the slowest one waited for a retransmission, ${retransmissionMs} ms or more`, slowest >= retransmissionMs && slowest < Infinity, `${slowest.toFixed(0)} ms`),
      check('most were not touched', times.filter((ms) => ms < retransmissionMs).length > data.length / 2, `${times.filter((ms) => ms < retransmissionMs).length} of ${data.length}`),
    ];
  },
});

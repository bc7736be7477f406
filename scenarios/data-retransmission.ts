import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { domain, httpPort } from '../lab/vocabulary/topology.ts';
import { answererOf, triedCheck } from './common.ts';
import { doublingCheck, resentRequest } from './retransmission-common.ts';

/** A tail loss probe, and the timer three times: 1.6 s; the next one is due after 1.6 s more. */
const lostAgain = 4;
const untilLostMs = 10_000;

export const dataRetransmission = defineScenario({
  title: 'connected, and then the request is lost: who sends it again, and when does it arrive after healing?',
  teaches: 'TCP repeats what is lost, at intervals that double. So an outage ends for a client later than for the network: at worst it lasts twice as long.',
  predict: 'Handshakes pass, requests vanish on the way. After the fourth repetition the path is healed. Does the client send a request again? When is it answered? How many requests does the server see?',
  explains:
    'The kernel keeps what is not acknowledged and sends it again: first a tail loss probe or the timer, at some 200 ms (Linux’ least), then each time ' +
    'after twice as long, 0.4, 0.8, 1.6 s. HTTP knows nothing of it: one connection, one request, no error. When the path is healed ' +
    'nobody is told. The client’s kernel waits for its timer, which by then is as long as the whole outage was, and the answer comes after ' +
    'that. The server saw one request, a moment old by its own clock: its log shows no trouble at all.',
  sources: ['RFC 6298 section 5 (the timer doubles)', 'RFC 8985 section 7 (tail loss probe)', 'tcp(7) (tcp_retries2)', 'RFC 9293 section 3.9.1.2 (PSH)'],
  reproduces: ['S17', 'S8'],
  run: async ({ client, apply, until }) => {
    const url = `http://backend-1.${domain}:${httpPort}/`;
    const before = await client.get(url);
    const lost = await apply('data-lost', 'backend-1', { family: 4 });
    const answer = client.get(url);
    let seen = 0;
    await until((event) => event.event === 'wire:data-retransmission' && ++seen >= lostAgain, untilLostMs);
    await lost.heal();
    return { before, answer: await answer };
  },
  checks: ({ topology, findings, events, data: { before, answer } }) => {
    const resent = resentRequest(events);
    const healed = events.find(({ event }) => event === 'fault:heal');
    const response = events.find((event) => event.event === 'wire:response' && event.localPort === resent?.localPort && event.tMs > resent.sentMs);
    const lastMs = resent?.againMs.at(-1) ?? NaN;
    const { ipv4, ipv6 } = topology.hosts.client;
    const arrived = events.filter((event) => event.event === 'backend:request' && event.path === '/' && (event.from === ipv4 || event.from === ipv6) && event.tMs > (resent?.sentMs ?? Infinity));
    const healedMs = healed?.tMs ?? NaN;
    return [
      triedCheck(findings),
      check('backend-1 answered before', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
      doublingCheck(resent, lostAgain - 2),
      check('the request was answered, by its next repetition after healing', answer.ok && response !== undefined && lastMs > healedMs && response.tMs > lastMs && (resent?.againMs.filter((ms) => ms > healedMs).length ?? 0) === 1, response ? `healed, sent again ${(lastMs - healedMs).toFixed(0)} ms later, answered ${(response.tMs - lastMs).toFixed(1)} ms after that` : 'no response'),
      check('the server saw it once', arrived.length === 1, `${arrived.length} requests`),
    ];
  },
  contract: ({ events, findings: { requests, attempts } }) => {
    const sent = events.filter((event) => event.event === 'wire:request').length;
    return [
      check('our client knew nothing of it: one connection, no error, and no request more than it was asked for', attempts.length === 1 && requests.failed === 0 && sent === 2, `${attempts.length} attempts, ${requests.failed} failed, ${sent} requests sent`),
    ];
  },
});

import { check, checkUnless } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';
import { answererOf, triedCheck } from './common.ts';
import { doublingCheck, resentRequest } from './retransmission-common.ts';

/** One tail loss probe and three expiries of the timer. They take 1.6 s; the next retransmission is due 1.6 s later. */
const lostAgain = 4;
const untilLostMs = 10_000;

export const dataRetransmission = defineScenario({
  title: 'the connection works, but a request is lost: does the client repeat it, and when does it arrive after the heal?',
  teaches: 'TCP repeats lost data at intervals that double. So an outage lasts longer for a client than for the network, at worst twice as long.',
  predict:
    'Handshakes pass, but requests are lost on the way. After the fourth retransmission the path is healed. Does the client send a request ' +
    'again? When is the request answered? How many requests does the backend see?',
  explains:
    'The kernel keeps data until it is acknowledged, and sends it again: first after some 200 ms (the minimum of Linux), by a tail loss probe or ' +
    'by its timer, then each time after twice as long: 0.4, 0.8, 1.6 s. HTTP does not notice: there is one connection, one request and no error. ' +
    'When the path is healed, nothing tells the client’s kernel. It waits for its timer, which is by then as long as the whole outage was, and ' +
    'the answer comes after that. The backend sees one request that has just arrived, so its log shows no problem.',
  sources: ['RFC 6298 section 5 (the timer doubles)', 'RFC 8985 section 7 (tail loss probe)', 'tcp(7) (tcp_retries2)', 'RFC 9293 section 3.9.1.2 (PSH)'],
  reproduces: ['S17', 'S8'],
  run: async ({ client, apply, until, topology }) => {
    const url = urlOf(topology, nameOf('backend-1'));
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
    const error = events.find((event) => event.event === 'client:error' && event.request === 2);
    const gaveUp = error && !(lastMs > healedMs) ? 'the client gave up before the kernel sent the request again after the heal' : null;
    return [
      triedCheck(findings),
      check('backend-1 answered before the fault', answererOf(topology, before) === 'backend-1', answererOf(topology, before)),
      doublingCheck(resent, lostAgain - 2),
      checkUnless(gaveUp, check('the request was answered after its first retransmission since the heal', answer.ok && response !== undefined && lastMs > healedMs && response.tMs > lastMs && (resent?.againMs.filter((ms) => ms > healedMs).length ?? 0) === 1, response ? `sent again ${(lastMs - healedMs).toFixed(0)} ms after the heal, answered ${(response.tMs - lastMs).toFixed(1)} ms after that` : 'no response')),
      checkUnless(gaveUp, check('the backend saw the request exactly once', arrived.length === 1, `${arrived.length} requests`)),
    ];
  },
  contract: ({ events, findings: { requests, attempts } }) => {
    const sent = events.filter((event) => event.event === 'wire:request').length;
    return [
      check('our client did not notice: one attempt, no error, and no extra request', attempts.length === 1 && requests.failed === 0 && sent === 2, `${attempts.length} attempts, ${requests.failed} failed, ${sent} requests sent`),
    ];
  },
});

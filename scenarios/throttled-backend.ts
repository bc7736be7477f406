import { attemptsOnWire } from '../lab/analysis/wire-attempts.ts';
import { check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, nodeAttemptDelayMs, tookMs } from './common.ts';

/**
 * Slow enough to notice. At half of this rate a round trip would take longer than 200 ms, and the kernels would retransmit packets that still
 * wait in the queue.
 */
const rateKbit = 16;
/** A lower limit: the status line and the headers alone are longer. */
const responseBytes = 150;
const responseMs = (responseBytes * 8) / rateKbit;
const backend = 'backend-1';

export const throttledBackend = defineScenario({
  title: 'the link of one backend is narrow, with fast handshakes and slow answers: does the client go elsewhere?',
  teaches:
    'A quick connect says nothing about the answer. Attempt delays and connect timeouts watch only ' +
    'the handshake, and a narrow link lets small packets through.',
  predict:
    `backend-1 now sends ${rateKbit} kbit/s. Does the client give it up for the next address? What does ` +
    'a request cost on a kept-alive connection, and on a new one?',
  explains:
    'A SYN-ACK has 74 bytes and takes 37 ms at this rate, a seventh of the attempt delay. The answer has four times as many bytes, and no timer ' +
    'watches it. So the client takes, keeps and uses the narrow backend, while the others idle. Only something that looks at throughput, or at ' +
    'the time of whole requests, would leave it: a load balancer or an outlier detection.',
  sources: ['RFC 8305 section 5 (the attempt delay is about the handshake)', 'RFC 9112 section 9.3 (persistence)'],
  reproduces: ['S7'],
  run: async ({ client, dns, apply, startClient, note, wait }) => {
    // Zone order: the narrow backend comes first.
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    await apply('throttle', backend, { rateKbit });
    const kept = [await client.get(), await client.get()];
    // Wait until the link is idle again: a SYN-ACK behind another answer would come later than the attempt delay.
    await wait(300);
    note('a new client');
    const newcomer = await (await startClient({})).get();
    return { before, kept, newcomer };
  },
  checks: ({ events, topology }) => {
    const answers = answersOf(events, topology.hosts[backend].ipv4);
    const times = answers.map((ms) => ms.toFixed(0)).join(' ');
    return [
      check(`${backend} sent at least one answer while its link was narrow`, answers.length > 0, `${answers.length} answers`),
      check(`no answer came within ${responseMs} ms, the time that ${responseBytes} bytes take`, answers.length > 0 && answers.every((ms) => ms >= responseMs - 1), `${times} ms`),
    ];
  },
  contract: ({ events, topology, client, data: { before, kept, newcomer } }) => {
    const everybody = [before, ...kept, newcomer].map((answer) => answererOf(topology, answer));
    const dialled = attemptsOnWire(events, topology);
    const connect = dialled.at(-1);
    const connectMs = connect && connect.endMs !== null ? connect.endMs - connect.startMs : null;
    const attemptDelayMs = client.attemptDelayMs ?? nodeAttemptDelayMs;
    return [
      check('every request was answered by the narrow backend', everybody.every((name) => name === backend), everybody.join(' ')),
      check('the kept-alive connection stayed: there were two connections in all', dialled.length === 2, `${dialled.length} connections`),
      check('a new handshake took longer than 30 ms, and less than the attempt delay', connectMs !== null && connectMs > 30 && connectMs < attemptDelayMs, `${connectMs?.toFixed(1) ?? '–'} ms`),
      ...[2, 3, 4].map((request) => check(`request ${request} took longer than ${responseMs} ms`, (tookMs(events, request) ?? 0) > responseMs, `${tookMs(events, request)?.toFixed(0) ?? '–'} ms`)),
    ];
  },
});

/** Milliseconds from each request to the first byte of its answer, by the packets, since the link became narrow. */
function answersOf(events: readonly TimelineEvent[], address: string): number[] {
  const sinceMs = events.find((event) => event.event === 'fault:verified')?.tMs ?? Infinity;
  const requests = events.filter((event) => event.event === 'wire:request' && event.address === address && event.tMs > sinceMs);
  return requests.flatMap((request) => {
    const response = events.find((event) => event.event === 'wire:response' && request.event === 'wire:request' && event.address === address && event.localPort === request.localPort && event.count === request.count);
    return response ? [response.tMs - request.tMs] : [];
  });
}

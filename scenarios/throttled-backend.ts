import { attemptsOnWire } from '../lab/analysis/wire-attempts.ts';
import { check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answererOf, nodeAttemptDelayMs, tookMs } from './common.ts';

/** Slow enough to be felt; at half of it the kernels would repeat what still waits in line, since a round trip took longer than 200 ms. */
const rateKbit = 16;
/** Status line and headers alone are more than that. */
const responseBytes = 150;
const responseMs = (responseBytes * 8) / rateKbit;
const backend = 'backend-1';

export const throttledBackend = defineScenario({
  title: 'the link of one server is narrow: a quick handshake, a slow answer; does anybody go elsewhere?',
  teaches: 'Connecting quickly says nothing about what follows: attempt delays and connect timeouts watch the handshake, and a narrow link lets small packets through.',
  predict: `backend-1 now sends ${rateKbit} kbit/s. Is it given up for the next address? What does a request on a kept-alive connection cost, and a new connection?`,
  explains:
    'A SYN-ACK is 74 bytes and takes 37 ms at this rate, a seventh of the attempt delay; the answer has four times as many and nobody has a timer ' +
    'for it. So the narrow server is taken, kept and used, while the others idle. Only what looks at throughput or at the time of whole requests, ' +
    'a load balancer or an outlier detection, would leave it.',
  sources: ['RFC 8305 section 5 (the attempt delay is about the handshake)', 'RFC 9112 section 9.3 (persistence)'],
  reproduces: ['S7'],
  run: async ({ client, dns, apply, startClient, note, wait }) => {
    // Zone order: the narrow server comes first.
    await dns.chain(['sort', 'selectFirst 2']);
    const before = await client.get();
    await apply('throttle', backend, { rateKbit });
    const kept = [await client.get(), await client.get()];
    // The line is empty again: a SYN-ACK behind somebody else's answer would be later than the attempt delay.
    await wait(300);
    note('a newcomer');
    const newcomer = await (await startClient({})).get();
    return { before, kept, newcomer };
  },
  checks: ({ events, topology }) => {
    const answers = answersOf(events, topology.hosts[backend].ipv4);
    const times = answers.map((ms) => ms.toFixed(0)).join(' ');
    return [
      check(`${backend} sent at least one answer while its link was narrow`, answers.length > 0, `${answers.length} answers`),
      check(`and none of them within ${responseMs} ms, which ${responseBytes} bytes take`, answers.length > 0 && answers.every((ms) => ms >= responseMs - 1), `${times} ms`),
    ];
  },
  contract: ({ events, topology, client, data: { before, kept, newcomer } }) => {
    const everybody = [before, ...kept, newcomer].map((answer) => answererOf(topology, answer));
    const dialled = attemptsOnWire(events, topology);
    const connect = dialled.at(-1);
    const connectMs = connect && connect.endMs !== null ? connect.endMs - connect.startMs : null;
    const attemptDelayMs = client.attemptDelayMs ?? nodeAttemptDelayMs;
    return [
      check('everybody was answered by the narrow server', everybody.every((name) => name === backend), everybody.join(' ')),
      check('the kept connection stayed', dialled.length === 2, `${dialled.length} connections`),
      check('a new handshake was slower than on an open link, and quicker than the attempt delay', connectMs !== null && connectMs > 30 && connectMs < attemptDelayMs, `${connectMs?.toFixed(1) ?? '–'} ms`),
      ...[2, 3, 4].map((request) => check(`request ${request} took longer than ${responseMs} ms`, (tookMs(events, request) ?? 0) > responseMs, `${tookMs(events, request)?.toFixed(0) ?? '–'} ms`)),
    ];
  },
});

/** From each request to the first byte of its answer, on the wire, after the link became narrow. */
function answersOf(events: readonly TimelineEvent[], address: string): number[] {
  const sinceMs = events.find((event) => event.event === 'fault:verified')?.tMs ?? Infinity;
  const requests = events.filter((event) => event.event === 'wire:request' && event.address === address && event.tMs > sinceMs);
  return requests.flatMap((request) => {
    const response = events.find((event) => event.event === 'wire:response' && request.event === 'wire:request' && event.localPort === request.localPort && event.count === request.count);
    return response ? [response.tMs - request.tMs] : [];
  });
}

/**
 * The two scenarios for clients that ask for HTTPS records, with the one client of the table that does. tshark reads the captures as another judge.
 *
 * Chromium asks the C library until it has read its DNS configuration (HostResolverManager: without one it cannot use its own resolver). Each request here has a
 * browser of its own, and on a busy machine a request may come earlier than the configuration. Then the scenario says so and is unknown. One request of a run may be such a one.
 */
import { expect, test } from 'vitest';
import { netns } from '../lab/network/drivers/netns.ts';
import type { FinishedRun } from '../lab/run/journal.ts';
import { runScenario } from '../lab/run/run-scenario.ts';
import type { Scenario } from '../lab/run/scenario.ts';
import { describeWith } from '../lab/testing/testing.ts';
import { tshark } from '../lab/testing/tshark.ts';
import { attemptStartOf, duringRequest, lookupOf } from './https-record-common.ts';
import { scenarioNamed } from './index.ts';

const run = async (name: string): Promise<FinishedRun & { capture: Buffer; judged: number[] }> => {
  const finished = await runScenario({ name, scenario: scenarioNamed(name) as Scenario, driver: netns, client: 'chromium-async-dns', clientOptions: {}, seed: '1', signal: new AbortController().signal });
  const { journal, capture } = finished;
  const requests = journal.findings.byRequest.map((_, index) => index + 1);
  const judged = requests.filter((request) => lookupOf(finished, request).https.length > 0);
  expect(requests.length - judged.length).toBeLessThan(2);
  expect({ error: journal.error, doubts: journal.doubts, failed: journal.checks.filter(({ verdict }) => verdict === 'fail'), verdict: journal.verdict })
    .toEqual({ error: null, doubts: [], failed: [], verdict: judged.length === requests.length ? 'pass' : 'unknown' });
  if (capture === null) throw new Error('the run has left no capture');
  return { ...finished, capture, judged };
};

describeWith(['netns', 'nft', 'chromium', 'tshark'], 'Chromium with its own resolver', () => {
  test('https-record: asks for the record each time, waits for a late or missing one some milliseconds only, and asks once more after an error', { timeout: 120_000 }, async () => {
    const measured = await run('https-record');
    const lookAt = (request: number) => {
      const { https, addresses, types } = lookupOf(measured, request);
      const startMs = attemptStartOf(measured, request) ?? 0;
      return { https, types, startMs, afterMs: startMs - Math.max(...addresses.map(({ answeredMs = Infinity }) => answeredMs)) };
    };
    // The time that Chromium gives the HTTPS answer is a fifth of the time that the addresses took, and at least 5 ms (UseDnsHttpsSvcbInsecureExtraTimeMin). It begins before Chromium has read the last of them.
    const leastMs = 3;
    const judges: ((look: ReturnType<typeof lookAt>) => void)[] = [
      (plain) => { expect(plain.https.map(({ services }) => services)).toEqual([['1 web.lab.test alpn=h2,http/1.1']]); },
      (late) => {
        expect(late.afterMs).toBeGreaterThan(leastMs);
        expect(late.https.map(({ answeredMs = Infinity }) => answeredMs > late.startMs)).toEqual([true]);
      },
      (dropped) => {
        expect(dropped.afterMs).toBeGreaterThan(leastMs);
        expect(dropped.https.every(({ answeredMs }) => answeredMs === undefined)).toBe(true);
      },
      // Chromium does not wait for the second answer any longer than for a late one, so on a busy machine it may come after the first SYN.
      (failing) => { expect(failing.https.map(({ rcode }) => rcode)).toEqual(['SERVFAIL', 'SERVFAIL']); },
    ];
    expect(measured.journal.findings.byRequest).toHaveLength(judges.length);
    for (const request of measured.judged) {
      const look = lookAt(request);
      expect(look.types.toSorted()).toEqual(['A', 'AAAA', 'HTTPS']);
      judges[request - 1]?.(look);
    }
    // By the packets: which names and types tshark reads, and how many.
    const asked = await tshark(measured.capture, 'dns.flags.response == 0 && ip.src == 198.51.100.200', ['dns.qry.name', 'dns.qry.type']);
    const https = asked.flatMap((row) => (row['dns.qry.type'] === '65' ? [row['dns.qry.name']] : []));
    expect(new Set(https)).toEqual(new Set(['_8443._https.web.lab.test']));
    expect(measured.events.filter((event) => event.event === 'wire:dns-query' && event.type === 'HTTPS')).toHaveLength(https.length);
  });

  test('quic-silent: tries QUIC because the record announces h3, and TCP beside it', { timeout: 120_000 }, async () => {
    const measured = await run('quic-silent');
    expect(measured.journal.findings.byRequest).toHaveLength(2);
    for (const request of measured.judged) {
      const during = duringRequest(measured.events, request);
      const first = during.find((event) => event.event === 'wire:quic-initial');
      const startMs = attemptStartOf(measured, request) ?? 0;
      // Long before the silence would end a handshake of QUIC, which takes 4 s here. The limit is for a busy machine.
      expect(startMs - (first?.tMs ?? -Infinity)).toBeLessThan(1_500);
      expect(lookupOf(measured, request).https[0]?.services).toEqual(['1 web.lab.test alpn=h3,h2,http/1.1']);
    }
    // An ICMP error quotes the datagram.
    const initials = await tshark(measured.capture, 'quic.long.packet_type == 0 && !icmp && !icmpv6', ['frame.number']);
    expect(measured.events.filter(({ event }) => event === 'wire:quic-initial')).toHaveLength(initials.length);
  });
});

/** The runs of every scenario with our own clients: each passes, what the lessons (docs/lessons/) claim about it is true, and three witnesses agree. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { longestFirst, runnableNames, scenarioNamed } from '../../scenarios/index.ts';
import type { Findings } from '../analysis/findings.ts';
import type { Plot } from '../analysis/plot.ts';
import { disagreements } from '../analysis/witnesses.ts';
import type { ClientOptions } from '../../client/client-options.ts';
import type { OwnClientName } from '../clients/index.ts';
import { netns } from '../network/drivers/netns.ts';
import { runScenario } from '../run/run-scenario.ts';
import type { Scenario } from '../run/scenario.ts';
import { messageOf } from '../vocabulary/errors.ts';
import type { TimelineEvent } from '../vocabulary/events.ts';
import { resolverNames } from '../vocabulary/resolvers.ts';
import { createTopology, type Topology } from '../vocabulary/topology.ts';
import { brokenClaims } from './lesson-claims.ts';
import { misfits } from './misfits.ts';
import { describeWith, type Need } from './testing.ts';
import { tshark } from './tshark.ts';

const scenario = (name: string): Scenario => scenarioNamed(name) as Scenario;

/** The scenarios where the client's trace cannot agree with the wire, and why. */
const declared: Partial<Record<string, readonly RegExp[]>> = {
  // The scenario runs getent on the client's host, beside the client.
  'ula-addresses': [/^lookups/],
  // A DNS server that is down sees no query.
  'dns-down': [/^queries at the DNS server/],
};
/** The same, where it depends on the client or on chance. */
const possible: Partial<Record<string, readonly RegExp[]>> = {
  // The kernel sends no new data on a connection whose data is not acknowledged (RFC 5681 section 3.1): the last request may never leave.
  'h2-half-open': [/^requests/],
  // undici closes the connection of an aborted request as soon as the server's Finished arrives. Node may drop its own Finished then, so only the program saw the end.
  'backend-hangs': [/^TLS handshakes/],
};

/** What Wireshark counts in another way in a scenario, and why. */
const countedOtherwise: Partial<Record<string, { httpResponses: number }>> = {
  // It takes the plain text that answers a ClientHello for a response. There was no request, so we do not.
  'plain-on-tls': { httpResponses: 1 },
  // It reads a response without a length when the stream ends, and a stream of TLS ends with close_notify.
  'tls-truncation': { httpResponses: 0 },
};

/** Scenarios by the external servers or the resolver that they need, joined. Where one is not installed, their tests are skipped with a message. */
const byNeed = Map.groupBy(runnableNames, (name) => (scenario(name).needsResolver ? [resolverNames[0]] : [scenario(name).needs ?? []].flat()).join(' '));

/** Runs every scenario with each of these clients, several labs side by side. The groups run side by side, too, so that none waits for the longest run of the one before. */
export function describeRuns(clients: readonly OwnClientName[]): void {
  for (const [need, names] of byNeed) {
    const needs = need === '' ? [] : (need.split(' ') as Need[]);
    describeWith(['netns', 'nft', 'tshark', ...needs], `on namespaces${need === '' ? '' : `, with ${need}`}`, () => {
      test.concurrent.each(longestFirst(names).flatMap((name) => clients.map((client) => [name, client] as const)))('%s with %s', { timeout: 60_000 }, (name, client) => passes(name, client));
    }, { concurrent: true });
  }
}

/** Runs these scenarios over HTTPS with our client on fetch. Each of them passes over HTTP, so their verdicts are the same over both. */
export function describeHttpsRuns(names: readonly string[]): void {
  describeWith(['netns', 'nft', 'tshark'], 'over HTTPS', () => {
    test.concurrent.each(longestFirst(names))('%s', { timeout: 60_000 }, (name) => passes(name, 'node-fetch', { scheme: 'https' }));
  });
}

async function passes(name: string, client: string, clientOptions: Partial<ClientOptions> = {}): Promise<void> {
  const { journal, events, capture } = await runScenario({
    name,
    scenario: scenario(name),
    driver: netns,
    client,
    clientOptions,
    seed: '1',
    signal: new AbortController().signal,
  });
  expect({ error: journal.error, doubts: journal.doubts, failed: journal.checks.filter(({ verdict }) => verdict !== 'pass') }).toEqual({ error: null, doubts: [], failed: [] });
  expect(journal.verdict).toBe('pass');
  // `--expect` is checked against this schema.
  expect(misfits(journal.findings)).toEqual([]);
  expect(brokenClaims({ journal, events })).toEqual([]);

  // Three witnesses of one run: the client's own trace, our reading of the packets, and Wireshark's reading.
  const topology = createTopology({ ...scenario(name).topology, ...(journal.resolver && { resolver: journal.resolver.name }) });
  const [expected = [], differences] = [declared[name], disagreements(events.filter(({ tMs }) => tMs >= 0), topology)];
  expect(differences.filter((text) => ![...expected, ...(possible[name] ?? [])].some((each) => each.test(text)))).toEqual([]);
  expect(expected.filter((each) => !differences.some((text) => each.test(text)))).toEqual([]);
  const packets = capture ?? Buffer.alloc(0);
  const rows = await expectTsharkAgrees(packets, events, journal.findings, countedOtherwise[name] ?? {}).catch(async (error: unknown) => {
    // Which of the two is right, only the packets tell, and on a busy machine no second run has the same ones.
    const file = join(await mkdtemp(join(tmpdir(), 'disagreement-')), `${name}.pcapng`);
    await writeFile(file, packets);
    throw new Error(`tshark and the events of the lab disagree; the capture is in ${file}: ${messageOf(error)}`, { cause: error });
  });
  expect(journal.plot === null).toBe(scenario(name).plot === undefined);
  if (journal.plot) expectPlotAgrees(journal.plot, rows, topology);
}

const isTrue = (cell: string): boolean => cell === '1' || cell === 'True';
const fields = [
  'frame.time_epoch', 'ip.src', 'tcp.flags.syn', 'tcp.flags.ack', 'tcp.flags.reset', 'dns.flags.response', '_ws.malformed', 'ipv6.version', 'http.request.method', 'http.response.code', 'tcp.len',
  'tcp.analysis.retransmission', 'tcp.analysis.spurious_retransmission', 'tcp.analysis.fast_retransmission', 'tcp.analysis.out_of_order', 'tcp.analysis.keep_alive', 'tcp.analysis.zero_window', 'tcp.stream', 'tcp.srcport',
  'tls.handshake.type', 'http2.headers.method', 'http2.headers.status', 'http2.type',
] as const;
type Row = Record<(typeof fields)[number], string>;

/**
 * Wireshark counts as many packets of each kind, and as many HTTP messages, as we have events. It sees our fallback delay to within a millisecond.
 * All of that is exact, because no server of these scenarios sends broken HTTP. lab/testing/http-conversations.ts has what Wireshark reads in another way.
 */
async function expectTsharkAgrees(capture: Buffer, events: readonly TimelineEvent[], findings: Findings, otherwise: object): Promise<Row[]> {
  const count = (...names: string[]): number => events.filter(({ event }) => names.includes(event)).length;
  // An ICMP error quotes the packet that it is about. That quoted packet must not be counted.
  // Without this option tshark does not read a message in a segment whose first copy was lost before the capture.
  const rows = await tshark(capture, 'tcp or (dns and not icmp and not icmpv6) or _ws.malformed', fields, ['-o', 'tcp.reassemble_out_of_order:TRUE']);
  // One TCP segment may hold several DNS messages or HTTP messages.
  const values = (field: keyof (typeof rows)[number]): string[] => rows.flatMap((row) => row[field].split(',')).filter(Boolean);
  const syns = rows.filter((row) => isTrue(row['tcp.flags.syn']) && !isTrue(row['tcp.flags.ack']));
  const isResent = (row: (typeof rows)[number]): boolean => [row['tcp.analysis.retransmission'], row['tcp.analysis.spurious_retransmission'], row['tcp.analysis.fast_retransmission']].some(Boolean);
  // tshark marks each segment with a window of 0. We report the first one, until the window opens.
  const sides = Map.groupBy(rows, (row) => `${row['tcp.stream']} ${row['tcp.srcport']}`);
  const zeroWindows = [...sides.values()].flatMap((side) => side.filter((row, index) => row['tcp.analysis.zero_window'] && !side[index - 1]?.['tcp.analysis.zero_window']));
  expect({
    syns: syns.length,
    // A server sends a SYN-ACK again when no ACK came for a second, as on a machine that stood still. We report the first one.
    synAcks: new Set(rows.filter((row) => isTrue(row['tcp.flags.syn']) && isTrue(row['tcp.flags.ack'])).map((row) => row['tcp.stream'])).size,
    // A closed socket answers each packet with RST. We report the first one of each side.
    resets: [...sides.values()].filter((side) => side.some((row) => isTrue(row['tcp.flags.reset']))).length,
    queries: values('dns.flags.response').filter((response) => !isTrue(response)).length,
    responses: values('dns.flags.response').filter(isTrue).length,
    malformed: values('_ws.malformed').length,
    resent: rows.filter((row) => Number(row['tcp.len']) > 0 && isResent(row)).length,
    outOfOrder: values('tcp.analysis.out_of_order').length,
    keepAliveProbes: values('tcp.analysis.keep_alive').length,
    zeroWindows: zeroWindows.length,
    httpRequests: [...values('http.request.method'), ...values('http2.headers.method')].length,
    // An interim response is not a response of its own (RFC 9110 section 15.2).
    httpResponses: [...values('http.response.code'), ...values('http2.headers.status')].filter((code) => !/^1(?!01)/.test(code)).length,
    clientHellos: values('tls.handshake.type').filter((type) => type === '1').length,
    serverHellos: values('tls.handshake.type').filter((type) => type === '2').length,
    // Both sides send Finished, which is secret: the file has the keys.
    tlsHandshakes: [...Map.groupBy(rows, (row) => row['tcp.stream']).values()].filter((stream) => stream.flatMap((row) => row['tls.handshake.type'].split(',')).filter((type) => type === '20').length === 2).length,
    goaways: values('http2.type').filter((type) => type === '7').length,
    streamResets: values('http2.type').filter((type) => type === '3').length,
  }).toEqual({
    syns: count('wire:syn', 'wire:syn-retransmission'),
    synAcks: count('wire:syn-ack'),
    resets: count('wire:rst'),
    queries: count('wire:dns-query'),
    responses: count('wire:dns-response'),
    malformed: 0,
    resent: count('wire:data-retransmission'),
    outOfOrder: count('wire:out-of-order'),
    keepAliveProbes: count('wire:keep-alive-probe'),
    zeroWindows: count('wire:zero-window'),
    httpRequests: count('wire:request'),
    httpResponses: count('wire:response'),
    clientHellos: count('wire:client-hello'),
    serverHellos: count('wire:server-hello'),
    tlsHandshakes: count('wire:tls-done'),
    goaways: count('wire:h2-goaway'),
    streamResets: count('wire:h2-rst-stream'),
    ...otherwise,
  });
  const { fallbackDelayMs, attempts } = findings;
  if (fallbackDelayMs === null || attempts.some(({ synCount }) => synCount === 0)) return rows;
  // The first attempts of a run may all be of one family. The fallback is the first SYN of the other family; one of the SYNs before it left
  // `fallbackDelayMs` earlier.
  const isIpv6 = (row: (typeof rows)[number] | undefined): boolean => row?.['ipv6.version'] !== '';
  const other = syns.find((row) => isIpv6(row) !== isIpv6(syns[0]));
  const gapsMs = syns.filter((row) => isIpv6(row) !== isIpv6(other)).map((row) => (Number(other?.['frame.time_epoch']) - Number(row['frame.time_epoch'])) * 1000);
  expect(Math.min(...gapsMs.map((gapMs) => Math.abs(gapMs - fallbackDelayMs)))).toBeLessThan(1);
  return rows;
}

/** What the plot shows as measured is in the packets: Wireshark is the judge. */
function expectPlotAgrees(plot: Plot, rows: readonly Row[], { hosts, backends }: Topology): void {
  const isSyn = (row: Row): boolean => isTrue(row['tcp.flags.syn']) && !isTrue(row['tcp.flags.ack']);
  const msOf = (row: Row | undefined): number => Number(row?.['frame.time_epoch']) * 1_000;
  // Both read the same times of the capture. They differ by what the double of a time since 1970 leaves out.
  const sameMs = (ms: number): unknown => expect.closeTo(ms, 2);
  if (plot.kind === 'ruler') {
    const syns = rows.filter(isSyn);
    const measured = plot.rows.filter(({ isMeasured }) => isMeasured);
    expect(measured.map(({ atMs }) => atMs)).toEqual([syns.map((row) => sameMs(msOf(row) - msOf(syns[0])))]);
    expect(plot.rows.length).toBeGreaterThan(measured.length);
  } else if (plot.kind === 'shares') {
    const responses = rows.filter((row) => row['http.response.code'] !== '');
    expect(plot.counted.find(({ what }) => what === 'requests answered')?.counts).toEqual(backends.map((backend) => responses.filter((row) => row['ip.src'] === hosts[backend].ipv4).length));
  } else {
    // Each connection that carried a request: from the first SYN since the connection before it to its SYN-ACK.
    const carrying = [...Map.groupBy(rows, (row) => row['tcp.stream']).values()].filter((stream) => stream.some((row) => row['http.request.method'] !== ''));
    const answers = carrying.map((stream) => msOf(stream.find((row) => isTrue(row['tcp.flags.syn']) && isTrue(row['tcp.flags.ack']))));
    const waits = answers.map((answerMs, index) => answerMs - msOf(rows.find((row) => isSyn(row) && msOf(row) > (answers[index - 1] ?? 0))));
    expect(plot.points.map(({ measuredMs }) => measuredMs)).toEqual(waits.map(sameMs));
    expect(plot.points.map(({ series }) => series)).toEqual(carrying.map(([row]) => (row?.['ip.src'] === '' ? 'IPv6 carries the request' : 'IPv4 carries the request')));
    // A setting counts as IPv4 when IPv4 won there once. On a busy machine IPv6 may be later at a small setting than at a larger one: then there is no change to mark.
    const overIpv4 = new Set(plot.points.filter(({ series }) => series.startsWith('IPv4')).map(({ setMs }) => setMs));
    const fromMs = Math.max(...plot.points.map(({ setMs }) => setMs).filter((setMs) => !overIpv4.has(setMs)));
    const toMs = Math.min(...overIpv4);
    expect(plot.change).toEqual(fromMs < toMs ? { fromMs, toMs, what: 'IPv4 begins to win' } : null);
  }
}

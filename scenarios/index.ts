/** Every scenario, by the name that `make scenario name=…` uses, in a good order to learn from. */
import type { Scenario } from '../lab/run/scenario.ts';
import { acceptQueueFull } from './accept-queue-full.ts';
import { addressQueries } from './address-queries.ts';
import { allDown } from './all-down.ts';
import { alpnMismatch } from './alpn-mismatch.ts';
import { backendHangs } from './backend-hangs.ts';
import { baseline } from './baseline.ts';
import { cachedAnswers } from './cached-answers.ts';
import { cachedFailure } from './cached-failure.ts';
import { certificateExpired } from './certificate-expired.ts';
import { certificateWrongName } from './certificate-wrong-name.ts';
import { dataRetransmission } from './data-retransmission.ts';
import { dnsDown } from './dns-down.ts';
import { dnsFirstServerDead } from './dns-first-server-dead.ts';
import { dnsServfail } from './dns-servfail.ts';
import { dnsTimeout } from './dns-timeout.ts';
import { dnsTruncatedAnswer } from './dns-truncated.ts';
import { fallbackDelaySweep } from './fallback-delay.ts';
import { firstSilent } from './first-silent.ts';
import { flappingBackend } from './flapping-backend.ts';
import { hostVanishes } from './host-vanishes.ts';
import { hotReload } from './hot-reload.ts';
import { hotReloadHaproxy, hotReloadNginx } from './hot-reload-others.ts';
import { firstSynLost } from './first-syn-lost.ts';
import { h2HalfOpen } from './h2-half-open.ts';
import { h2Goaway } from './h2-goaway.ts';
import { h2GoawayUnprocessed } from './h2-goaway-unprocessed.ts';
import { h2GoawayProcessed } from './h2-goaway-processed.ts';
import { h2RefusedStream } from './h2-refused-stream.ts';
import { h2ResetPost } from './h2-reset-post.ts';
import { h2Drain } from './h2-drain.ts';
import { h2Pinning } from './h2-pinning.ts';
import { h2MaxStreams } from './h2-max-streams.ts';
import { halfOpen } from './half-open.ts';
import { httpsRecord } from './https-record.ts';
import { ipv4Only } from './ipv4-only.ts';
import { ipv6Blackhole } from './ipv6-blackhole.ts';
import { ipv6Refused } from './ipv6-refused.ts';
import { keepAliveRace } from './keep-alive-race.ts';
import { keepAlive } from './keep-alive.ts';
import { largeClientHello } from './large-client-hello.ts';
import { failures } from './matrix/index.ts';
import { overloadedBackend } from './overloaded-backend.ts';
import { plainOnTls } from './plain-on-tls.ts';
import { postInFlight } from './post-in-flight.ts';
import { preferIpv6 } from './prefer-ipv6.ts';
import { quicSilent } from './quic-silent.ts';
import { recovery } from './recovery.ts';
import { resolverChoice } from './resolver-choice.ts';
import { retryStorm } from './retry-storm.ts';
import { rollingRestart } from './rolling-restart.ts';
import { serverKill } from './server-kill.ts';
import { serverStop } from './server-stop.ts';
import { shuffleOff } from './shuffle-off.ts';
import { shuffleOn } from './shuffle-on.ts';
import { slowA } from './slow-a.ts';
import { slowAaaa } from './slow-aaaa.ts';
import { slowIpv6 } from './slow-ipv6.ts';
import { sortedAnswers } from './sorted-answers.ts';
import { staleConnection } from './stale-connection.ts';
import { staleDns } from './stale-dns.ts';
import { subsetBeforeShuffle } from './subset-before-shuffle.ts';
import { ttlIgnored } from './ttl-ignored.ts';
import { synSchedule, synScheduleExponential } from './syn-schedule.ts';
import { throttledBackend } from './throttled-backend.ts';
import { tlsReset } from './tls-reset.ts';
import { tlsResumption } from './tls-resumption.ts';
import { tlsStall } from './tls-stall.ts';
import { tlsStallIpv6 } from './tls-stall-ipv6.ts';
import { tlsTruncation } from './tls-truncation.ts';
import { ulaAddresses } from './ula-addresses.ts';

export const scenarios = {
  baseline,
  'address-queries': addressQueries,
  'ipv4-only': ipv4Only,
  'prefer-ipv6': preferIpv6,
  'ula-addresses': ulaAddresses,
  'keep-alive': keepAlive,
  'server-stop': serverStop,
  'server-kill': serverKill,
  'post-in-flight': postInFlight,
  'stale-connection': staleConnection,
  'keep-alive-race': keepAliveRace,
  'retry-storm': retryStorm,
  'all-down': allDown,
  recovery,
  'overloaded-backend': overloadedBackend,
  'throttled-backend': throttledBackend,
  'flapping-backend': flappingBackend,
  'backend-hangs': backendHangs,
  'host-vanishes': hostVanishes,
  'half-open': halfOpen,
  'first-silent': firstSilent,
  'first-syn-lost': firstSynLost,
  'syn-schedule': synSchedule,
  'syn-schedule-exponential': synScheduleExponential,
  'data-retransmission': dataRetransmission,
  'accept-queue-full': acceptQueueFull,
  'ipv6-blackhole': ipv6Blackhole,
  'ipv6-refused': ipv6Refused,
  'fallback-delay': fallbackDelaySweep,
  'slow-ipv6': slowIpv6,
  'tls-stall': tlsStall,
  'tls-stall-ipv6': tlsStallIpv6,
  'tls-reset': tlsReset,
  'certificate-expired': certificateExpired,
  'certificate-wrong-name': certificateWrongName,
  'plain-on-tls': plainOnTls,
  'alpn-mismatch': alpnMismatch,
  'large-client-hello': largeClientHello,
  'tls-resumption': tlsResumption,
  'tls-truncation': tlsTruncation,
  'shuffle-on': shuffleOn,
  'shuffle-off': shuffleOff,
  'subset-before-shuffle': subsetBeforeShuffle,
  'sorted-answers': sortedAnswers,
  'hot-reload': hotReload,
  'hot-reload-nginx': hotReloadNginx,
  'hot-reload-haproxy': hotReloadHaproxy,
  'rolling-restart': rollingRestart,
  'resolver-choice': resolverChoice,
  'slow-aaaa': slowAaaa,
  'slow-a': slowA,
  'cached-answers': cachedAnswers,
  'cached-failure': cachedFailure,
  'stale-dns': staleDns,
  'ttl-ignored': ttlIgnored,
  'dns-down': dnsDown,
  'dns-servfail': dnsServfail,
  'dns-timeout': dnsTimeout,
  'dns-truncated': dnsTruncatedAnswer,
  'dns-first-server-dead': dnsFirstServerDead,
  'https-record': httpsRecord,
  'quic-silent': quicSilent,
  'h2-half-open': h2HalfOpen,
  'h2-goaway': h2Goaway,
  'h2-goaway-unprocessed': h2GoawayUnprocessed,
  'h2-goaway-processed': h2GoawayProcessed,
  'h2-refused-stream': h2RefusedStream,
  'h2-reset-post': h2ResetPost,
  'h2-max-streams': h2MaxStreams,
  'h2-pinning': h2Pinning,
  'h2-drain': h2Drain,
} satisfies Record<string, Scenario>;

/** The name of a scenario of the lab: docs/scenarios.md lists all of them. */
export type ScenarioName = keyof typeof scenarios;
export const scenarioNames = Object.keys(scenarios) as ScenarioName[];

/** The failures of the matrix that are not in the table above. Each one runs by its name, but `run-all` leaves them to the matrix. */
export const otherFailures: Readonly<Record<string, Scenario>> = Object.fromEntries(Object.entries(failures).flatMap(([name, { scenario }]) => (Object.hasOwn(scenarios, name) ? [] : [[name, scenario]])));

const everyScenario: Readonly<Record<string, Scenario>> = { ...scenarios, ...otherFailures };

/** Every name that `lab run` and `lab explain` take. */
export const runnableNames: readonly string[] = Object.keys(everyScenario);

/** The scenario of that name: from the table above, or a failure of the matrix. Undefined if there is none. */
export function scenarioNamed(name: string): Scenario | undefined {
  return Object.hasOwn(everyScenario, name) ? everyScenario[name] : undefined;
}

/** The same names, with the scenarios first that have the longest limits: of several labs at a time, none is left alone with a long one at the end. */
export function longestFirst<Name extends string>(names: readonly Name[]): Name[] {
  return names.toSorted((one, other) => (scenarioNamed(other)?.limitMs ?? 0) - (scenarioNamed(one)?.limitMs ?? 0));
}

import { isIPv6 } from 'node:net';
import { attemptsOnWire } from '../lab/analysis/wire-attempts.ts';
import { check, type Check } from '../lab/analysis/checks.ts';
import type { Plot } from '../lab/analysis/plot.ts';
import { defineScenario, type Measured } from '../lab/run/scenario.ts';
import { nameOf, urlOf } from '../lab/vocabulary/topology.ts';
import { nodeAttemptDelayMs, timerTolerance } from './common.ts';

const stepMs = 50;
const delaysMs = Array.from({ length: 9 }, (_, index) => index * stepMs);
const backend = 'backend-1';

/** A busy machine can make the client's timer late, so IPv6 may win a step by chance. It must win its last step this many times. */
const looksAtLast = 3;

/**
 * One measurement at one delay, from the packets: when IPv6 answered, which family carried the request, how long after the first SYN its connection was there,
 * and whether an address was tried.
 */
interface Look {
  delayMs: number;
  ipv6AnsweredAfterMs: number | null;
  carriedBy: number | null;
  connectedAfterMs: number | null;
  tried: boolean;
}

/** Each step begins with a remark. */
const remark = 'IPv6 is late by ';

export const slowIpv6 = defineScenario({
  title: 'IPv6 gets slower, from 0 to 400 ms: from which delay on does the client use IPv4?',
  teaches:
    'Where IPv6 works but is far away, the fallback delay decides which family a client uses. You can ' +
    'measure this delay from outside, without touching the client.',
  predict:
    `A new client runs for each step of ${stepMs} ms. At which step does the answer first come over ` +
    'IPv4? What happens to the IPv6 attempt that was almost there?',
  explains:
    'While the SYN-ACK comes before the connection attempt delay is over, IPv6 wins. After that IPv4 wins, because it answers at once. So the ' +
    'step at which the family changes brackets the delay: RFC 8305 recommends 250 ms, and Node uses this value. A busy machine makes a timer ' +
    `late and never early, so the last step that IPv6 won is measured ${looksAtLast} times, and IPv6 must win each time. The RFC lets both ` +
    'attempts run and takes the one that connects first. Node aborts the first attempt, so a SYN-ACK that comes a little later meets a RST. This ' +
    'moves a user who is far from every IPv6 server to IPv4, although nothing is broken.',
  sources: ['RFC 8305 sections 5 and 8', 'Sattler et al., Happy Eyeballs in the wild (the same sweep, from outside, on browsers)', 'Node net docs: autoSelectFamilyAttemptTimeout'],
  reproduces: ['S12', 'S13'],
  limitMs: 75_000,
  run: async ({ dns, apply, startClient, note, wait, topology }) => {
    const url = urlOf(topology, nameOf(backend));
    await dns.aaaa(true);
    const looks: { delayMs: number; overIPv6: boolean }[] = [];
    const look = async (delayMs: number): Promise<void> => {
      // A client that starts sends nothing yet, so it can start while the fault is applied.
      const [late, client] = await Promise.all([delayMs > 0 ? apply('delay', backend, { delayMs, family: 6 }) : null, startClient({})]);
      note(`${remark}${delayMs} ms`);
      const { address } = await client.get(url);
      looks.push({ delayMs, overIPv6: isIPv6(address ?? '') });
      // A SYN-ACK to an attempt that was given up still belongs to this step, so wait for it.
      await wait(delayMs);
      await Promise.all([client.stop(), late?.heal()]);
    };
    for (const delayMs of delaysMs) await look(delayMs);
    for (const delayMs of delaysMs.toReversed()) {
      const won = (): boolean => looks.every((each) => each.delayMs !== delayMs || each.overIPv6);
      for (let again = 1; again < looksAtLast && won(); again++) await look(delayMs);
      if (won()) break;
    }
  },
  checks: (result) => {
    const looks = looksOf(result);
    return [
      check('the client tried an address in every step', looks.length >= delaysMs.length && looks.every(({ tried }) => tried), looks.filter(({ tried }) => tried).length),
      check('IPv6 never answered before the delay of its step', looks.every(({ delayMs, ipv6AnsweredAfterMs }) => ipv6AnsweredAfterMs === null || ipv6AnsweredAfterMs >= delayMs - 1), looksText(looks)),
    ];
  },
  contract: (result) => {
    const looks = looksOf(result);
    const attemptDelayMs = result.client.attemptDelayMs ?? nodeAttemptDelayMs;
    // These are the times of the packets: on a busy machine a delay of 200 ms may become 260.
    const steps = delaysMs.flatMap((delayMs) => deciding(looks.filter((look) => look.delayMs === delayMs))).sort((a, b) => lateness(a) - lateness(b));
    const families = steps.map(({ carriedBy }) => carriedBy ?? '-');
    const lastMs = steps.filter(({ carriedBy }) => carriedBy === 6).map(lateness).at(-1);
    const firstMs = steps.filter(({ carriedBy }) => carriedBy === 4).map(lateness).at(0);
    return [
      check('with growing delay the family changes once, from IPv6 to IPv4', /^6+4+$/.test(families.join('')), families.join(' ')),
      ...steps.map((step) => familyCheck(step, attemptDelayMs)),
      check(
        `the change is within one step of the attempt delay of ${attemptDelayMs} ms`,
        lastMs !== undefined && firstMs !== undefined && lastMs < attemptDelayMs + stepMs && firstMs > attemptDelayMs - stepMs,
        `IPv6 up to ${lastMs?.toFixed(1) ?? '–'} ms, IPv4 from ${firstMs?.toFixed(1) ?? '–'} ms`,
      ),
    ];
  },
  plot: sweepPlot,
});

/** How long the client waited for its connection at each step, and the steps between which it changes from IPv6 to IPv4. */
function sweepPlot(measured: Measured): Plot | null {
  const looks = looksOf(measured);
  const points = looks.flatMap(({ delayMs, carriedBy, connectedAfterMs }) => (connectedAfterMs === null ? [] : [{ setMs: delayMs, measuredMs: connectedAfterMs, series: `IPv${carriedBy ?? ''} carries the request` }]));
  if (points.length === 0) return null;
  const steps = [...new Set(looks.map(({ delayMs }) => delayMs))].sort((one, other) => one - other).flatMap((delayMs) => deciding(looks.filter((look) => look.delayMs === delayMs)));
  const last = steps.filter(({ carriedBy }) => carriedBy === 6).at(-1);
  const first = steps.find(({ carriedBy }) => carriedBy === 4);
  return {
    kind: 'sweep',
    title: 'How long the client waits for a connection while IPv6 gets slower',
    set: 'delay of the path over IPv6, as set',
    measured: 'from the first SYN to the connection that carried the request',
    series: [...new Set(points.map(({ series }) => series))],
    points,
    change: last && first && last.delayMs < first.delayMs ? { fromMs: last.delayMs, toMs: first.delayMs, what: 'IPv4 begins to win' } : null,
    diagonal: 'the set delay',
    caption: 'Measured by the packets. On the dashed line the client waits just as long as the path takes. Each number belongs to the highest point at its setting.',
  };
}

/** The measurement that counts for a step: the first one that IPv6 lost. When IPv6 lost none: the first one. */
function deciding(looks: readonly Look[]): Look[] {
  return [...looks.filter(({ carriedBy }) => carriedBy !== 6), ...looks].slice(0, 1);
}

/** How late IPv6 really was, in ms. Without an answer over IPv6: the delay of the step. */
function lateness({ delayMs, ipv6AnsweredAfterMs }: Look): number {
  return ipv6AnsweredAfterMs ?? delayMs;
}

/** IPv6 carries the request when it answers in time, and IPv4 when it does not. Within the tolerance of the timer both are right. */
function familyCheck({ delayMs, ipv6AnsweredAfterMs: answeredAfterMs, carriedBy }: Look, attemptDelayMs: number): Check {
  const early = answeredAfterMs !== null && answeredAfterMs < attemptDelayMs - timerTolerance.earlyMs;
  const late = answeredAfterMs === null || answeredAfterMs > attemptDelayMs + timerTolerance.lateMs;
  const expected = early ? [6] : late ? [4] : [4, 6];
  return check(`IPv6 late by ${delayMs} ms: the request is carried by IPv${expected.join(' or IPv')}`, expected.includes(carriedBy ?? 0), `IPv${carriedBy ?? ' none'}, IPv6 answered after ${answeredAfterMs?.toFixed(1) ?? '–'} ms`);
}

function looksText(looks: readonly Look[]): string {
  return looks.map(({ delayMs, ipv6AnsweredAfterMs }) => `${delayMs}: ${ipv6AnsweredAfterMs?.toFixed(1) ?? '–'}`).join(', ');
}

/** Splits the run into its measurements, by the notes on the timeline. This works for any client. */
function looksOf({ events, topology }: Measured): Look[] {
  const starts = events.filter((event) => event.event === 'lab:note').filter(({ text }) => text.startsWith(remark));
  return starts.map(({ tMs, text }, index) => {
    const untilMs = starts[index + 1]?.tMs ?? Infinity;
    const attempts = attemptsOnWire(events.filter((event) => event.tMs >= tMs && event.tMs < untilMs), topology);
    const ipv6 = attempts.find(({ family }) => family === 6);
    const carrier = attempts.find(({ requests }) => requests > 0);
    return {
      delayMs: parseFloat(text.slice(remark.length)),
      ipv6AnsweredAfterMs: ipv6 && ipv6.endMs !== null ? ipv6.endMs - ipv6.startMs : null,
      carriedBy: carrier?.family ?? null,
      connectedAfterMs: carrier && carrier.endMs !== null && attempts[0] ? carrier.endMs - attempts[0].startMs : null,
      tried: attempts.length > 0,
    };
  });
}

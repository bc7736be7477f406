import { attemptsOnWire } from '../lab/analysis/wire.ts';
import { check, type Check } from '../lab/analysis/checks.ts';
import type { TimelineEvent } from '../lab/events.ts';
import { defineScenario } from '../lab/scenario.ts';
import { domain, httpPort } from '../lab/topology.ts';
import { nodeAttemptDelayMs, timerTolerance } from './common.ts';

const stepMs = 50;
const delaysMs = Array.from({ length: 9 }, (_, index) => index * stepMs);
const backend = 'backend-1';
const url = `http://${backend}.${domain}:${httpPort}/`;

/** What the packets of one step say: when IPv6 was tried and answered, and which family carried the request. */
interface Step {
  delayMs: number;
  ipv6AnsweredAfterMs: number | null;
  carriedBy: number | null;
  tried: boolean;
}

export const slowIpv6 = defineScenario({
  title: 'IPv6 is slower and slower, from 0 to 400 ms: from which delay on does the client take IPv4?',
  teaches: 'Where IPv6 works and is merely far, the fallback delay decides which family a client lives on; and it can be read off from outside, without touching the client.',
  predict: `A new client for each step of ${stepMs} ms. At which step does the answer first come over IPv4, and what becomes of the IPv6 attempt that was nearly there?`,
  explains:
    'While the SYN-ACK comes before the connection attempt delay is over, IPv6 wins; after that IPv4, which answers at once, does. So the step ' +
    'at which the family changes brackets the delay: RFC 8305 recommends 250 ms, and Node takes it. The RFC lets both attempts run and takes ' +
    'whichever connects first; Node aborts the first, so that a SYN-ACK that comes a little later meets a RST. A user far away from every IPv6 ' +
    'server is moved to IPv4 by this without anything being broken.',
  sources: ['RFC 8305 sections 5 and 8', 'Sattler et al., Happy Eyeballs in the wild (the same sweep, from outside, on browsers)', 'Node net docs: autoSelectFamilyAttemptTimeout'],
  reproduces: ['S12', 'S13'],
  limitMs: 55_000,
  run: async ({ dns, apply, startClient, note, wait }) => {
    await dns.aaaa(true);
    for (const delayMs of delaysMs) {
      // A client that only starts asks nothing yet.
      const [late, client] = await Promise.all([delayMs > 0 ? apply('delay', backend, { delayMs, family: 6 }) : null, startClient({})]);
      note(`IPv6 is late by ${delayMs} ms`);
      await client.get(url);
      // A SYN-ACK to an attempt that was given up still belongs to this step.
      await wait(delayMs);
      await Promise.all([client.stop(), late?.heal()]);
    }
  },
  checks: ({ events, topology }) => {
    const steps = stepsOf(events, topology);
    return [
      check('the client tried an address in every step', steps.length === delaysMs.length && steps.every(({ tried }) => tried), steps.filter(({ tried }) => tried).length),
      check('IPv6 never answered before its delay', steps.every(({ delayMs, ipv6AnsweredAfterMs }) => ipv6AnsweredAfterMs === null || ipv6AnsweredAfterMs >= delayMs - 1), stepsText(steps)),
    ];
  },
  contract: ({ events, topology, client }) => {
    const steps = stepsOf(events, topology);
    const attemptDelayMs = client.attemptDelayMs ?? nodeAttemptDelayMs;
    const last = steps.findLast(({ carriedBy }) => carriedBy === 6);
    const first = steps.find(({ carriedBy }) => carriedBy === 4);
    return [
      check('IPv6 first, then IPv4, and not back', steps.map(({ carriedBy }) => carriedBy ?? '-').join('').match(/^6+4+$/) !== null, steps.map(({ carriedBy }) => carriedBy ?? '-').join(' ')),
      // The packets' own times: on a busy machine a delay of 200 ms may come to 260.
      ...steps.map(({ delayMs, ipv6AnsweredAfterMs, carriedBy }): Check => familyCheck(delayMs, ipv6AnsweredAfterMs, carriedBy, attemptDelayMs)),
      check(
        `the change is within one step of the attempt delay of ${attemptDelayMs} ms`,
        last !== undefined && first !== undefined && last.delayMs <= attemptDelayMs && first.delayMs >= attemptDelayMs - stepMs,
        `IPv6 up to ${last?.delayMs ?? 'none'} ms, IPv4 from ${first?.delayMs ?? 'none'} ms`,
      ),
    ];
  },
});

/** Whoever is answered in time carries the request; within the timer's tolerance either may. */
function familyCheck(delayMs: number, answeredAfterMs: number | null, carriedBy: number | null, attemptDelayMs: number): Check {
  const early = answeredAfterMs !== null && answeredAfterMs < attemptDelayMs - timerTolerance.earlyMs;
  const late = answeredAfterMs === null || answeredAfterMs > attemptDelayMs + timerTolerance.lateMs;
  const expected = early ? [6] : late ? [4] : [4, 6];
  return check(`late by ${delayMs} ms: carried by IPv${expected.join(' or IPv')}`, expected.includes(carriedBy ?? 0), `IPv${carriedBy ?? ' none'}, IPv6 answered after ${answeredAfterMs?.toFixed(1) ?? '–'} ms`);
}

function stepsText(steps: readonly Step[]): string {
  return steps.map(({ delayMs, ipv6AnsweredAfterMs }) => `${delayMs}: ${ipv6AnsweredAfterMs?.toFixed(1) ?? '–'}`).join(', ');
}

/** The remarks on the timeline part the steps: true for any client. */
function stepsOf(events: readonly TimelineEvent[], topology: Parameters<typeof attemptsOnWire>[1]): Step[] {
  const starts = events.filter((event) => event.event === 'lab:note');
  return starts.map(({ tMs }, index) => {
    const untilMs = starts[index + 1]?.tMs ?? Infinity;
    const attempts = attemptsOnWire(events.filter((event) => event.tMs >= tMs && event.tMs < untilMs), topology);
    const ipv6 = attempts.find(({ family }) => family === 6);
    return {
      delayMs: delaysMs[index] ?? NaN,
      ipv6AnsweredAfterMs: ipv6 && ipv6.endMs !== null ? ipv6.endMs - ipv6.startMs : null,
      carriedBy: attempts.find(({ requests }) => requests > 0)?.family ?? null,
      tried: attempts.length > 0,
    };
  });
}

import { isIPv6 } from 'node:net';
import { attemptsOnWire } from '../lab/analysis/wire-attempts.ts';
import { check, type Check } from '../lab/analysis/checks.ts';
import { defineScenario, type Result } from '../lab/run/scenario.ts';
import { domain, httpPort } from '../lab/vocabulary/topology.ts';
import { nodeAttemptDelayMs, timerTolerance } from './common.ts';

const stepMs = 50;
const delaysMs = Array.from({ length: 9 }, (_, index) => index * stepMs);
const backend = 'backend-1';
const url = `http://${backend}.${domain}:${httpPort}/`;

/** A busy machine makes a client's timer late and never early: so often has IPv6 to win at the last step that is called its own. */
const looksAtLast = 3;

/** What the packets of one look say: when IPv6 was tried and answered, and which family carried the request. */
interface Look {
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
    'at which the family changes brackets the delay: RFC 8305 recommends 250 ms, and Node takes it. A busy machine makes a timer late and never ' +
    `early, so the last step that IPv6 won is looked at ${looksAtLast} times, and must be won each time. The RFC lets both attempts run and takes ` +
    'whichever connects first; Node aborts the first, so that a SYN-ACK that comes a little later meets a RST. A user far away from every IPv6 ' +
    'server is moved to IPv4 by this without anything being broken.',
  sources: ['RFC 8305 sections 5 and 8', 'Sattler et al., Happy Eyeballs in the wild (the same sweep, from outside, on browsers)', 'Node net docs: autoSelectFamilyAttemptTimeout'],
  reproduces: ['S12', 'S13'],
  limitMs: 75_000,
  run: async ({ dns, apply, startClient, note, wait }) => {
    await dns.aaaa(true);
    const looks: { delayMs: number; overIPv6: boolean }[] = [];
    const look = async (delayMs: number): Promise<void> => {
      // A client that only starts asks nothing yet.
      const [late, client] = await Promise.all([delayMs > 0 ? apply('delay', backend, { delayMs, family: 6 }) : null, startClient({})]);
      note(`IPv6 is late by ${delayMs} ms`);
      const { address } = await client.get(url);
      looks.push({ delayMs, overIPv6: isIPv6(address ?? '') });
      // A SYN-ACK to an attempt that was given up still belongs to this step.
      await wait(delayMs);
      await Promise.all([client.stop(), late?.heal()]);
    };
    for (const delayMs of delaysMs) await look(delayMs);
    for (const delayMs of delaysMs.toReversed()) {
      const won = (): boolean => looks.every((each) => each.delayMs !== delayMs || each.overIPv6);
      for (let again = 1; again < looksAtLast && won(); again++) await look(delayMs);
      if (won()) break;
    }
    return looks.map(({ delayMs }) => delayMs);
  },
  checks: (result) => {
    const looks = looksOf(result);
    return [
      check('the client tried an address in every step', looks.length >= delaysMs.length && looks.every(({ tried }) => tried), looks.filter(({ tried }) => tried).length),
      check('IPv6 never answered before its delay', looks.every(({ delayMs, ipv6AnsweredAfterMs }) => ipv6AnsweredAfterMs === null || ipv6AnsweredAfterMs >= delayMs - 1), looksText(looks)),
    ];
  },
  contract: (result) => {
    const looks = looksOf(result);
    const attemptDelayMs = result.client.attemptDelayMs ?? nodeAttemptDelayMs;
    // The packets' own times: on a busy machine a delay of 200 ms may come to 260.
    const steps = delaysMs.flatMap((delayMs) => deciding(looks.filter((look) => look.delayMs === delayMs))).sort((a, b) => lateness(a) - lateness(b));
    const families = steps.map(({ carriedBy }) => carriedBy ?? '-');
    const lastMs = steps.filter(({ carriedBy }) => carriedBy === 6).map(lateness).at(-1);
    const firstMs = steps.filter(({ carriedBy }) => carriedBy === 4).map(lateness).at(0);
    return [
      check('IPv6 first, then IPv4, and not back', /^6+4+$/.test(families.join('')), families.join(' ')),
      ...steps.map((step) => familyCheck(step, attemptDelayMs)),
      check(
        `the change is within one step of the attempt delay of ${attemptDelayMs} ms`,
        lastMs !== undefined && firstMs !== undefined && lastMs < attemptDelayMs + stepMs && firstMs > attemptDelayMs - stepMs,
        `IPv6 up to ${lastMs?.toFixed(1) ?? '–'} ms, IPv4 from ${firstMs?.toFixed(1) ?? '–'} ms`,
      ),
    ];
  },
});

/** Of several looks at a step the first that IPv6 lost, or else the first. */
function deciding(looks: readonly Look[]): Look[] {
  return [...looks.filter(({ carriedBy }) => carriedBy !== 6), ...looks].slice(0, 1);
}

/** By how much IPv6 was late in fact, as far as it can be said. */
function lateness({ delayMs, ipv6AnsweredAfterMs }: Look): number {
  return ipv6AnsweredAfterMs ?? delayMs;
}

/** Whoever is answered in time carries the request; within the timer's tolerance either may. */
function familyCheck({ delayMs, ipv6AnsweredAfterMs: answeredAfterMs, carriedBy }: Look, attemptDelayMs: number): Check {
  const early = answeredAfterMs !== null && answeredAfterMs < attemptDelayMs - timerTolerance.earlyMs;
  const late = answeredAfterMs === null || answeredAfterMs > attemptDelayMs + timerTolerance.lateMs;
  const expected = early ? [6] : late ? [4] : [4, 6];
  return check(`late by ${delayMs} ms: carried by IPv${expected.join(' or IPv')}`, expected.includes(carriedBy ?? 0), `IPv${carriedBy ?? ' none'}, IPv6 answered after ${answeredAfterMs?.toFixed(1) ?? '–'} ms`);
}

function looksText(looks: readonly Look[]): string {
  return looks.map(({ delayMs, ipv6AnsweredAfterMs }) => `${delayMs}: ${ipv6AnsweredAfterMs?.toFixed(1) ?? '–'}`).join(', ');
}

/** The remarks on the timeline part the looks: true for any client. */
function looksOf({ events, topology, data }: Result<number[]>): Look[] {
  const starts = events.filter((event) => event.event === 'lab:note');
  return starts.map(({ tMs }, index) => {
    const untilMs = starts[index + 1]?.tMs ?? Infinity;
    const attempts = attemptsOnWire(events.filter((event) => event.tMs >= tMs && event.tMs < untilMs), topology);
    const ipv6 = attempts.find(({ family }) => family === 6);
    return {
      delayMs: data[index] ?? NaN,
      ipv6AnsweredAfterMs: ipv6 && ipv6.endMs !== null ? ipv6.endMs - ipv6.startMs : null,
      carriedBy: attempts.find(({ requests }) => requests > 0)?.family ?? null,
      tried: attempts.length > 0,
    };
  });
}

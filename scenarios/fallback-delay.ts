import { fallbackDelay } from '../lab/analysis/attempts.ts';
import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { backendNames } from '../lab/vocabulary/topology.ts';
import { attemptsText, triedCheck, timerTolerance } from './common.ts';

/** Further apart than the tolerance is wide: no step can be taken for its neighbour. */
const delaysMs = [50, 200, 400];

export const fallbackDelaySweep = defineScenario({
  title: 'the fallback delay, configured from 50 to 400 ms: is it what was asked for?',
  teaches: 'The fallback delay is a setting, and it can be measured from outside: the time between the first IPv6 and the first IPv4 attempt.',
  predict: `A new client for each of ${delaysMs.join(', ')} ms, with IPv6 silent. Is each delay exact, or does it come in steps, or with an addition?`,
  explains:
    'Node starts a timer with each attempt (`autoSelectFamilyAttemptTimeout`, at least 10 ms) and moves on when it fires, so the delay is the ' +
    'one that was configured, plus what the event loop takes to wake up. RFC 8305 recommends 250 ms, allows down to 10 ms and no less than 100 ms ' +
    'as a rule: a short delay hides broken IPv6, and takes healthy but distant IPv6 for broken.',
  sources: ['RFC 8305 section 8 (configurable values)', 'Node net docs: autoSelectFamilyAttemptTimeout'],
  reproduces: ['S13'],
  run: async ({ dns, apply, startClient }) => {
    await dns.aaaa(true);
    await Promise.all(backendNames.map((backend) => apply('blackhole', backend, { family: 6 })));
    const answers = [];
    for (const attemptDelayMs of delaysMs) {
      // Its own client for each step: a kept-alive connection would need no second fallback.
      const client = await startClient({ attemptDelayMs });
      answers.push(await client.get());
      await client.stop();
    }
    return answers;
  },
  checks: ({ findings, data }) => [triedCheck(findings), check('no step was answered over IPv6', data.every(({ address }) => !(address ?? '').includes(':')), data.map(({ address }) => address ?? 'none').join(' '))],
  contract: ({ findings: { attempts }, data }) => [
    check('every step was answered', data.every(({ ok }) => ok), `${data.filter(({ ok }) => ok).length} of ${data.length}`),
    ...delaysMs.flatMap((delayMs, index) => {
      // Requests are numbered over the whole run, one a step.
      const tried = attempts.filter(({ request }) => request === index + 1);
      const path = tried.map(({ family, outcome }) => `IPv${family} ${outcome}`).join(', ');
      return [
        checkDelay(`fallback delay of step ${index + 1}`, fallbackDelay(tried), delayMs, timerTolerance),
        check(`IPv4 connected after one IPv6 attempt in step ${index + 1}`, path === 'IPv6 given up, IPv4 connected', attemptsText(tried)),
      ];
    }),
  ],
});

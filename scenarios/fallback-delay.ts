import { fallbackDelay } from '../lab/analysis/attempts.ts';
import { check, checkDelay } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { attemptsText, triedCheck, timerTolerance } from './common.ts';

/** The steps are further apart than the tolerance is wide, so no step can be mistaken for another one. */
const delaysMs = [50, 200, 400];

export const fallbackDelaySweep = defineScenario({
  title: 'the fallback delay, configured from 50 to 400 ms: does the client keep to it?',
  teaches: 'The fallback delay is a setting. It can be measured from outside: it is the time between the first IPv6 attempt and the first IPv4 attempt.',
  predict:
    `IPv6 is silent. A new client runs with each of ${delaysMs.join(', ')} ms as its fallback delay. Is ` +
    'each delay exact, or is it rounded, or does something add to it?',
  explains:
    'Node starts a timer with each attempt (`autoSelectFamilyAttemptTimeout`, at least 10 ms) and goes on to the next address when the timer ' +
    'fires. So the delay is the configured one, plus the time that the event loop needs to wake up. RFC 8305 recommends 250 ms. It allows down ' +
    'to 10 ms, and recommends no less than 100 ms. A short delay hides broken IPv6, and it treats healthy but distant IPv6 as broken.',
  sources: ['RFC 8305 section 8 (configurable values)', 'Node net docs: autoSelectFamilyAttemptTimeout'],
  reproduces: ['S13'],
  run: async ({ topology, dns, apply, startClient }) => {
    await dns.aaaa(true);
    await Promise.all(topology.backends.map((backend) => apply('blackhole', backend, { family: 6 })));
    const answers = [];
    for (const attemptDelayMs of delaysMs) {
      // Each step has its own client, because a kept-alive connection would need no second fallback.
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
      // Requests are numbered over the whole run, and each step makes one request.
      const tried = attempts.filter(({ request }) => request === index + 1);
      const path = tried.map(({ family, outcome }) => `IPv${family} ${outcome}`).join(', ');
      return [
        checkDelay(`fallback delay of step ${index + 1}`, fallbackDelay(tried), delayMs, timerTolerance),
        check(`IPv4 connected after one IPv6 attempt in step ${index + 1}`, path === 'IPv6 given up, IPv4 connected', attemptsText(tried)),
      ];
    }),
  ],
});

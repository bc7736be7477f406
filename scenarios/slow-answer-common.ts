/** slow-a and slow-aaaa: one of the two answers comes late, and who waits for it. */
import { check, checkDelay, type Check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import type { Result, Stage } from '../lab/scenario.ts';
import { attemptsText, requestTolerance, timerTolerance } from './common.ts';

export type SlowType = 'A' | 'AAAA';
/** More than any resolution delay that RFC 8305 would allow (50 ms), less than a resolver's timeout. */
export const lateMs = 400;

export async function askOnce({ client, dns, apply }: Stage, late: SlowType): Promise<{ ok: boolean }> {
  await dns.aaaa(true);
  await apply('dns-delay', 'dns', { type: late, delayMs: lateMs });
  const { ok } = await client.get();
  return { ok };
}

/** When each type was asked for and answered, by the DNS server's log. */
function answersOf({ events, topology }: Result<unknown>): Record<SlowType, { askedMs: number; answeredMs: number } | null> {
  const { queries, answers } = dnsDuring(events, 1, topology);
  const of = (type: SlowType): { askedMs: number; answeredMs: number } | null => {
    const [query, answer] = [queries.find((each) => each.type === type), answers.find((each) => each.type === type)];
    return query && answer ? { askedMs: query.tMs, answeredMs: answer.tMs } : null;
  };
  return { A: of('A'), AAAA: of('AAAA') };
}

/** A client that connects before the late answer has that answer outside of its request, or none. */
export function lateChecks(result: Result<{ ok: boolean }>, late: SlowType): Check[] {
  const other = late === 'A' ? 'AAAA' : 'A';
  const lateAnswer = result.events.find((event) => event.event === 'dns:answer' && event.type === late && event.from === result.topology.hosts.client.ipv4);
  const lateQuery = result.events.find((event) => event.event === 'dns:query' && event.type === late && event.from === result.topology.hosts.client.ipv4);
  const prompt = answersOf(result)[other];
  return [
    checkDelay(`the ${late} answer came late`, lateAnswer && lateQuery ? lateAnswer.tMs - lateQuery.tMs : null, lateMs, timerTolerance),
    check(`the ${other} answer did not`, prompt !== null && prompt.answeredMs - prompt.askedMs < lateMs / 2, prompt ? `${(prompt.answeredMs - prompt.askedMs).toFixed(1)} ms` : 'none'),
    check('the request was answered', result.data.ok, result.data.ok ? 'answered' : 'failed'),
  ];
}

/** What our client does with either resolver: nothing before both answers are there, and then as if neither had been late. */
export function waitedChecks(result: Result<unknown>, late: SlowType): Check[] {
  const { findings: { attempts, resolutionDelayMs } } = result;
  const lateAnswer = answersOf(result)[late];
  const [first] = attempts;
  const waitedMs = first && lateAnswer ? first.startMs - lateAnswer.askedMs : null;
  return [
    checkDelay('the first SYN waited for it', waitedMs, lateMs, requestTolerance),
    check('so there was no resolution delay to measure', resolutionDelayMs === null, resolutionDelayMs === null ? 'none' : `${resolutionDelayMs.toFixed(1)} ms`),
    check('and IPv6 was tried first, and alone', attempts.length === 1 && first?.family === 6, attemptsText(attempts)),
  ];
}

/** What slow-a and slow-aaaa share: one of the two DNS answers is late, and the checks show whether the client waits for it. */
import { check, type Check } from '../lab/analysis/checks.ts';
import { dnsDuring } from '../lab/analysis/queries.ts';
import type { Result, Stage } from '../lab/run/scenario.ts';
import { attemptsText, timerTolerance } from './common.ts';
import { webName } from '../lab/vocabulary/topology.ts';

export type SlowType = 'A' | 'AAAA';
/** More than the resolution delay of RFC 8305 (50 ms), and less than the timeout of a resolver. */
export const lateMs = 400;

export async function askOnce({ client, dns, apply }: Stage, late: SlowType): Promise<{ ok: boolean }> {
  await dns.aaaa(true);
  await apply('dns-delay', 'dns', { type: late, delayMs: lateMs });
  const { ok } = await client.get();
  return { ok };
}

/** When each type was asked for and answered, by the log of the DNS server. Null when the query or the answer is missing. */
function answersOf({ events, topology }: Result<unknown>): Record<SlowType, { askedMs: number; answeredMs: number } | null> {
  const { queries, answers } = dnsDuring(events, 1, topology);
  const of = (type: SlowType): { askedMs: number; answeredMs: number } | null => {
    const [query, answer] = [queries.find((each) => each.type === type), answers.find((each) => each.type === type)];
    return query && answer ? { askedMs: query.tMs, answeredMs: answer.tMs } : null;
  };
  return { A: of('A'), AAAA: of('AAAA') };
}

/**
 * Checks for every client. They look for the late answer in the whole run: a client that connects without it gets it after its request, or never.
 */
export function lateChecks(result: Result<{ ok: boolean }>, late: SlowType): Check[] {
  const other = late === 'A' ? 'AAAA' : 'A';
  const lateAnswer = result.events.find((event) => event.event === 'dns:answer' && event.type === late && event.name === webName && event.from === result.topology.hosts.client.ipv4);
  const lateQuery = result.events.find((event) => event.event === 'dns:query' && event.type === late && event.name === webName && event.from === result.topology.hosts.client.ipv4);
  const tookMs = lateAnswer && lateQuery ? lateAnswer.tMs - lateQuery.tMs : null;
  const prompt = answersOf(result)[other];
  return [
    // A busy machine makes the answer later still. That does not matter for this check.
    check(`the ${late} answer was ${lateMs} ms late or more`, tookMs !== null && tookMs >= lateMs - timerTolerance.earlyMs, tookMs === null ? 'not measured' : `${tookMs.toFixed(1)} ms`),
    check(`the ${other} answer came within ${lateMs / 2} ms`, prompt !== null && prompt.answeredMs - prompt.askedMs < lateMs / 2, prompt ? `${(prompt.answeredMs - prompt.askedMs).toFixed(1)} ms` : 'none'),
    check('the request was answered', result.data.ok, result.data.ok ? 'answered' : 'failed'),
  ];
}

/** What our client does with either resolver: it waits for both answers, and then connects as if neither had been late. */
export function waitedChecks(result: Result<unknown>, late: SlowType): Check[] {
  const { findings: { attempts, resolutionDelayMs } } = result;
  const lateAnswer = answersOf(result)[late];
  const [first] = attempts;
  const afterMs = first && lateAnswer ? first.startMs - lateAnswer.answeredMs : null;
  return [
    check(`the first SYN waited for the ${late} answer`, afterMs !== null && afterMs > 0, afterMs === null ? 'not measured' : `${afterMs.toFixed(1)} ms after that answer`),
    check('there was no resolution delay to measure', resolutionDelayMs === null, resolutionDelayMs === null ? 'none' : `${resolutionDelayMs.toFixed(1)} ms`),
    check('the client made one attempt, over IPv6', attempts.length === 1 && first?.family === 6, attemptsText(attempts)),
  ];
}

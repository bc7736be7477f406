/** What happened to the requests that a lesson is about, in sentences: for a run that was none of its options. */
import type { Attempt } from '../analysis/attempts.ts';
import type { RequestFindings } from '../analysis/by-request.ts';
import type { Findings } from '../analysis/findings.ts';
import type { Lesson } from './lesson.ts';

/** Requests that are told where the options name none. */
const fewest = 3;

/** One sentence for each request that an option names. Where the options name none, for the first requests of the run. */
export function requestSentences({ options }: Lesson, { byRequest, attempts }: Findings): string[] {
  const named = new Set(options.flatMap(({ holds }) => holds.flatMap(({ path }) => (path[0] === 'byRequest' ? [Number(path[1])] : []))));
  // A request of a caller has its number in the order of all requests, as in the story.
  const numbers = byRequest.map((_, index) => index).filter((index) => (named.size > 0 ? named.has(index) : index < fewest));
  return numbers.flatMap((index) => {
    const request = byRequest[index];
    return request ? [`#${index + 1}: ${lookupsText(request)}, ${attemptsText(attempts.filter((attempt) => attempt.request === index + 1))}, ${endText(request)}.`] : [];
  });
}

function lookupsText({ lookups }: RequestFindings): string {
  return lookups === null ? 'lookups not known' : lookups === 0 ? 'no lookup' : `${lookups} ${lookups === 1 ? 'lookup' : 'lookups'}`;
}

function attemptsText(attempts: readonly Attempt[]): string {
  return attempts.length === 0 ? 'no attempt' : attempts.map(({ address, outcome }) => `${address} ${outcome}`).join(', ');
}

function endText({ ms, backend, error }: RequestFindings): string {
  const end = error !== null ? `its caller got ${error}` : `it was answered${backend === null ? '' : ` by ${backend}`}`;
  return ms === null ? 'it did not end' : `${end} after ${ms < 1_000 ? `${ms.toFixed(1)} ms` : `${(ms / 1_000).toFixed(2)} s`}`;
}

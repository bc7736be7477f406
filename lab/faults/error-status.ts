/**
 * The application answers, and answers with an error. A share of the requests may get it, by a seeded draw for each client
 * address: the observer's looking does not change what the client draws. Retry-After is RFC 9110 section 10.2.3, in seconds.
 */
import { integer } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

/** So many that a share of 5 % is missed once in five million. */
const draws = 300;

export const errorStatus = defineFault({
  summary: 'the application answers with an error status, always or for a share of the requests',
  effect: 'an answer that says no; the connection stays up',
  on: ['backend'],
  options: {
    status: integer(503, 400, 'the status', 599),
    retryAfterS: integer(0, 0, 'seconds in a Retry-After header, 0 for none', 86_400),
    percent: integer(100, 5, 'how many of a hundred requests get it', 100),
  },
  apply: (target, { status, retryAfterS, percent }) => misbehave(target, { status, retryAfterS, statusPercent: percent }),
  observe: async (target, { status, retryAfterS, percent }) => {
    const share = percent / 100;
    const tolerance = 5 * Math.sqrt((share * (1 - share)) / draws);
    const shares: number[] = [];
    const observation = await observeReplies(target, percent === 100 ? 1 : draws, ({ replies, whole }) => {
      const failed = replies.filter((reply) => statusOf(reply) === String(status));
      const observed = failed.length / replies.length;
      shares.push(observed);
      const headers = failed.every((reply) => (retryAfterS > 0) === reply.includes(`\r\nretry-after: ${retryAfterS}\r\n`));
      return whole === replies.length && failed.length > 0 && headers && Math.abs(observed - share) <= tolerance;
    }, 5_000);
    return { ...observation, observed: `${observation.observed}; ${status} in ${shares.map((each) => `${(each * 100).toFixed(0)} %`).join(' and ')}` };
  },
});

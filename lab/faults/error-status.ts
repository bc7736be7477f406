/**
 * The application answers with an error status. With `percent`, only a share of the requests gets it. The share is a seeded draw for each
 * client address, so the observer's requests do not change the client's draws. Retry-After is RFC 9110 section 10.2.3, in seconds.
 */
import { integer } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

/** Number of requests when only a share gets the status. With 300 requests, a share of 5 % is missed once in five million looks. */
const draws = 300;

export const errorStatus = defineFault({
  summary: 'the application answers all requests, or a share of them, with an error status',
  effect: 'an error response; the connection stays open',
  on: ['backend'],
  options: {
    status: integer(503, 400, 'the HTTP status', 599),
    retryAfterS: integer(0, 0, 'seconds in the Retry-After header, 0 for no header', 86_400),
    percent: integer(100, 5, 'percentage of the requests that get the status', 100),
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

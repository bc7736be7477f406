/**
 * The first requests fail, and the requests after them are answered: a client that waits and retries gets its answer. The server counts
 * for each client address and URL. So the observer's requests do not change the client's count, and each look of the observer, with a URL
 * of its own, starts a new count.
 */
import { integer } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const failFirst = defineFault({
  summary: 'the application answers the first n requests of each client for each URL with 503',
  effect: 'n errors, and then normal responses',
  on: ['backend'],
  options: { requests: integer(2, 1, 'n, the number of requests that fail', 100) },
  apply: (target, { requests }) => misbehave(target, { failFirst: requests }),
  observe: (target, { requests }) =>
    observeReplies(target, requests + 1, ({ replies }) => replies.map(statusOf).join() === [...Array<string>(requests).fill('503'), '200'].join(), 3_000),
});

/**
 * The first requests fail, the ones after them are answered: what a retry that waits is made for. Counted for each client address
 * and URL, so that the observer uses up nothing of the client's, and each of its own looks begins anew.
 */
import { integer } from '../vocabulary/options.ts';
import { misbehave, observeReplies, statusOf } from './backend-behaviour.ts';
import { defineFault } from './fault.ts';

export const failFirst = defineFault({
  summary: 'the application answers the first n requests of each client for each URL with 503',
  effect: 'so many errors, and then answers',
  on: ['backend'],
  options: { requests: integer(2, 1, 'how many fail', 100) },
  apply: (target, { requests }) => misbehave(target, { failFirst: requests }),
  observe: (target, { requests }) =>
    observeReplies(target, requests + 1, ({ replies }) => replies.map(statusOf).join() === [...Array<string>(requests).fill('503'), '200'].join(), 3_000),
});

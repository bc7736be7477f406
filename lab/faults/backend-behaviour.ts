/** Shared by the application faults of a backend: change its behaviour, undo the change, and look at the bytes of its replies. */
import type { Behaviour } from '../../services/backend/behaviour.ts';
import type { Exchange } from '../network/probe.ts';
import type { Family } from '../vocabulary/topology.ts';
import { observeEach, type FaultTarget, type Heal, type Observation } from './fault.ts';

/**
 * Changes the behaviour of the backend, for the connections of one family or of both (0). Healing takes back this change only, and so restores what
 * `behave` or another fault has changed before.
 */
export async function misbehave(target: FaultTarget, change: Partial<Behaviour>, family: 0 | Family = 0): Promise<Heal> {
  const { fault } = target;
  await target.service().call('fault-behaviour', { fault, change, ...(family !== 0 && { family }) });
  return async () => {
    await target.service().call('heal-behaviour', { fault });
  };
}

/** A healthy backend answers in well under a millisecond. The limit is for a busy machine; it costs no time when a reply comes. */
const answerLimitMs = 2_000;

/** In each family, the observer sends `requests` requests one after the other on a new connection. `isEffect` judges the replies. */
export function observeReplies(target: FaultTarget, requests: number, isEffect: (exchange: Exchange) => boolean, timeoutMs = answerLimitMs): Promise<Observation> {
  return observeEach([4, 6], async (family) => {
    const exchange = await target.probe.exchange(target.name, family, requests, timeoutMs);
    return { seen: isEffect(exchange), observed: exchangeText(exchange) };
  });
}

export function statusOf(reply: string | undefined): string | undefined {
  return /^HTTP\/1\.1 (\d{3}) /.exec(reply ?? '')?.[1];
}

/** `200 28 bytes, FIN after 3 ms`: the status and body size of each reply (or its first characters if it is not HTTP), and how the connection ended. */
function exchangeText({ replies, end, tookMs }: Exchange): string {
  const texts = replies.slice(0, 4).map((reply) => {
    if (reply === '') return 'nothing';
    const [headers = '', ...body] = reply.split('\r\n\r\n');
    const status = statusOf(reply);
    return status ? `${status} ${body.join('\r\n\r\n').length} bytes` : `"${headers.slice(0, 20)}…"`;
  });
  return `${texts.join(', ')}${replies.length > texts.length ? ` … ${replies.length} replies` : ''}, ${end} after ${tookMs.toFixed(0)} ms`;
}

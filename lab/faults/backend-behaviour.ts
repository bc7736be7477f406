/** What the faults of a backend's application share: a change of behaviour, its undoing, and a look at the bytes that come back. */
import { healthy, type Behaviour } from '../../services/backend/behaviour.ts';
import type { Exchange } from '../network/probe.ts';
import { observeEach, type FaultTarget, type Heal, type Observation } from './fault.ts';

/** Healing sets back what was changed and nothing else, so that several of these faults can be in force together. */
export async function misbehave(target: FaultTarget, change: Partial<Behaviour>): Promise<Heal> {
  await target.service().call('behaviour', change);
  const back = Object.fromEntries(Object.keys(change).map((key) => [key, healthy[key as keyof Behaviour]]));
  return async () => {
    await target.service().call('behaviour', back);
  };
}

/** A healthy backend answers in well under a millisecond; this is for a busy machine, and costs nothing where something comes. */
const answerLimitMs = 2_000;

/** On a connection of its own in each family, `requests` one after the other; and whether what came back is the effect. */
export function observeReplies(target: FaultTarget, requests: number, isEffect: (exchange: Exchange) => boolean, timeoutMs = answerLimitMs): Promise<Observation> {
  return observeEach([4, 6], async (family) => {
    const exchange = await target.probe.exchange(target.name, family, requests, timeoutMs);
    return { seen: isEffect(exchange), observed: exchangeText(exchange) };
  });
}

export function statusOf(reply: string | undefined): string | undefined {
  return /^HTTP\/1\.1 (\d{3}) /.exec(reply ?? '')?.[1];
}

/** `200 28 bytes, FIN`: the status line and the size of each body, or the first words of what is no HTTP, and how it ended. */
function exchangeText({ replies, end, tookMs }: Exchange): string {
  const texts = replies.slice(0, 4).map((reply) => {
    if (reply === '') return 'nothing';
    const [headers = '', ...body] = reply.split('\r\n\r\n');
    const status = statusOf(reply);
    return status ? `${status} ${body.join('\r\n\r\n').length} bytes` : `"${headers.slice(0, 20)}…"`;
  });
  return `${texts.join(', ')}${replies.length > texts.length ? ` … ${replies.length} replies` : ''}, ${end} after ${tookMs.toFixed(0)} ms`;
}

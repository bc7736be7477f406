/** Shared by the faults of TLS: their option `family`, and the look at handshakes from the observer's host. */
import type { HandshakeRequest } from '../../services/probe/handshake.ts';
import type { Handshake } from '../network/probe.ts';
import { family } from '../vocabulary/options.ts';
import type { Family } from '../vocabulary/topology.ts';
import { familiesOf, observeEach, type FaultTarget, type Observation } from './fault.ts';

export const ofFamily = family('the IP family of the connections that it is for, 0 for both');

/** What the observer asks of a handshake, and how long it waits for the end of it. */
type Look = Partial<Omit<HandshakeRequest, 'address' | 'port' | 'ca'>>;

/** In each of these families, the observer makes one handshake. `isEffect` judges it. */
export function observeHandshakes(target: FaultTarget, only: 0 | Family, isEffect: (handshake: Handshake) => boolean, look: Look = {}): Promise<Observation> {
  return observeEach(familiesOf(only), async (each) => {
    const handshake = await shakeHands(target, each, look);
    return { seen: isEffect(handshake), observed: handshakeText(handshake) };
  });
}

export function shakeHands({ probe, name }: FaultTarget, each: Family, { timeoutMs, ...request }: Look): Promise<Handshake> {
  return probe.handshake(name, each, request, timeoutMs);
}

/** `TLS connected, then silent after 60 ms`, `TLS done after 3 ms, certificate CERT_HAS_EXPIRED`. */
export function handshakeText({ outcome, tookMs, distrust, resumed }: Handshake): string {
  return [`TLS ${outcome} after ${tookMs.toFixed(0)} ms`, ...(distrust === '' ? [] : [`certificate ${distrust}`]), ...(resumed ? ['resumed'] : [])].join(', ');
}

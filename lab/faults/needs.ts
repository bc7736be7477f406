/** What a fault, or a behaviour, needs of a lab: backends that speak TLS, or HTTP/2 over it. */
import { LabError } from '../vocabulary/errors.ts';
import type { Topology } from '../vocabulary/topology.ts';

export type LayerNeed = 'tls' | 'http2';

/**
 * Checks that the backends of a lab have what `what` needs, for instance `the fault tls-stall`.
 * @throws {LabError} BAD_INPUT that says what was expected and what was seen.
 */
export function checkNeed(what: string, need: LayerNeed, { scheme, offers }: Pick<Topology, 'scheme' | 'offers'>): void {
  const layer = need === 'http2' ? 'HTTP/2' : 'TLS';
  if (scheme !== 'https') throw new LabError('BAD_INPUT', `${capital(what)} needs ${layer}. Expected a lab with scheme=https, got one with scheme=${scheme}.`);
  if (need === 'http2' && !offers.includes('2')) throw new LabError('BAD_INPUT', `${capital(what)} needs ${layer}. Expected a lab whose backends offer HTTP/2 (http=2), got one with http=1.1.`);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

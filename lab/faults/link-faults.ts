/** The faults of a host's link: packets are late, lost, duplicated, reordered or damaged, or the link is narrow or down for a while. See lab/network/host-link.ts. */
import { corrupt } from './corrupt.ts';
import { delay } from './delay.ts';
import { duplicate } from './duplicate.ts';
import { flap } from './flap.ts';
import { loss } from './loss.ts';
import { reorder } from './reorder.ts';
import { slowHandshake } from './slow-handshake.ts';
import { throttle } from './throttle.ts';

export const linkFaults = {
  delay,
  loss,
  duplicate,
  reorder,
  corrupt,
  throttle,
  flap,
  'slow-handshake': slowHandshake,
};

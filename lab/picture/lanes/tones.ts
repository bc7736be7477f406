/** The colour of each backend. */
import { isBackend, type Topology } from '../../vocabulary/topology.ts';
import type { Tone } from '../model.ts';

/** How many colours there are for backends. A lab with more backends uses them again. */
export const hostColours = 6;

/** The tone of a host's marks. */
export function dialTone({ backends }: Topology, host: string | undefined): Tone {
  return isBackend(host) ? `host-${backends.indexOf(host) % hostColours}` : 'note';
}

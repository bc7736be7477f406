/**
 * The server comes back on other addresses of the segment, as a container does that is scheduled again. No process listens on the old
 * addresses. DNS still lists the old addresses until its records are changed. Healing brings the server back to the old addresses.
 */
import { patienceMs } from '../network/probe.ts';
import { defineFault, observeEach, type FaultTarget } from './fault.ts';
import { stopInOrder } from './stop.ts';
import type { Family } from '../vocabulary/topology.ts';

export const move = defineFault({
  summary: 'stops the server and starts it on other addresses of the same host (.11 moves to .21, ::11 to ::21)',
  effect: 'FIN on idle connections; the old addresses refuse connections (RST), the new addresses answer',
  on: ['backend'],
  options: {},
  apply: async (target) => {
    await stopInOrder(target);
    for (const address of sparesOf(target)) await target.link.changeAddress('add', address);
    await target.restart(families.map((each) => target.spareAddress(each)));
    return async () => {
      await stopInOrder(target);
      for (const address of sparesOf(target)) await target.link.changeAddress('delete', address);
      await target.restart('own');
    };
  },
  observe: (target) =>
    observeEach([...families], async (each) => {
      const [old, spare] = await Promise.all([target.probe.connect(target.name, each, target.probe.endingMs), lookAtSpare(target, each)]);
      return { seen: old.outcome === 'ECONNREFUSED' && spare === 'response', observed: `old address ${old.outcome}, new address ${spare}` };
    }),
});

const families = [4, 6] as const satisfies readonly Family[];

function sparesOf({ topology, spareAddress }: FaultTarget): string[] {
  return [`${spareAddress(4)}/${topology.ipv4PrefixLength}`, `${spareAddress(6)}/${topology.ipv6PrefixLength}`];
}

async function lookAtSpare(target: FaultTarget, each: Family): Promise<string> {
  return (await target.probe.getAt(target.spareAddress(each), target.port, '/', patienceMs)).outcome;
}

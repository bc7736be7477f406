/**
 * The server comes back on other addresses of the segment, as a container does that is scheduled again. No process listens on the old
 * addresses. DNS still lists the old addresses (`dns: stay`), or it lists the new ones as soon as the server answers there (`dns: follow`), as
 * the service discovery of a cluster does. Healing brings the server back to the old addresses, and DNS with it.
 */
import { patienceMs } from '../network/probe.ts';
import { messageOf } from '../vocabulary/errors.ts';
import { choice } from '../vocabulary/options.ts';
import { domain, type Family } from '../vocabulary/topology.ts';
import { addressesIn, firstReply } from './dns-rule.ts';
import { defineFault, observeEach, type FaultTarget } from './fault.ts';
import { stopInOrder } from './stop.ts';

export const move = defineFault({
  summary: 'stops the server and starts it on other addresses of the same host (.11 moves to .61, ::11 to ::61)',
  effect: 'FIN on idle connections; the old addresses refuse connections (RST), the new addresses answer; DNS lists the old or the new ones',
  on: ['backend'],
  options: { dns: choice(['stay', 'follow'], 'stay', 'whether DNS keeps the old addresses, or lists the new ones') },
  apply: async (target, { dns }) => {
    const goHome = async (): Promise<void> => {
      await stopInOrder(target);
      for (const address of sparesOf(target)) await target.link.changeAddress('delete', address);
      await target.restart('own');
    };
    await stopInOrder(target);
    for (const address of sparesOf(target)) await target.link.changeAddress('add', address);
    await target.restart(families.map((each) => target.spareAddress(each)));
    if (dns === 'stay') return goHome;
    await tellDns(target, 'new').catch(async (error: unknown) => {
      await goHome();
      throw error;
    });
    return async () => {
      // DNS comes first: if it cannot be told, nothing has changed, and the heal can be tried again.
      await tellDns(target, 'old');
      await goHome();
    };
  },
  observe: (target, { dns }) =>
    observeEach([...families], async (each) => {
      const [old, spare, listed] = await Promise.all([
        target.probe.connect(target.name, each, target.probe.endingMs),
        lookAtSpare(target, each),
        dns === 'follow' ? listedIn(target, each) : null,
      ]);
      const follows = listed === null || listed === 'no address' || listed === target.spareAddress(each);
      return { seen: old.outcome === 'ECONNREFUSED' && spare === 'response' && follows, observed: `old address ${old.outcome}, new address ${spare}${listed === null ? '' : `, DNS lists ${listed}`}` };
    }),
});

const families = [4, 6] as const satisfies readonly Family[];

/** Changes the addresses of the server in all records. @throws {Error} if DNS still lists the other ones. */
async function tellDns(target: FaultTarget, which: 'old' | 'new'): Promise<void> {
  for (const each of families) {
    const [old, spare] = [target.address(each), target.spareAddress(each)];
    const [from, to] = which === 'new' ? [old, spare] : [spare, old];
    await target.dns().call('readdress', { from, to }).catch((error: unknown) => {
      throw new Error(`DNS cannot be told the ${which} addresses: ${messageOf(error)}`, { cause: error });
    });
    // The baseline of a backend says nothing of DNS, so a record that did not come back would stay unseen.
    const listed = await listedIn(target, each);
    if (which === 'old' && listed === from) throw new Error(`DNS still lists ${from} for ${target.name}.${domain}, expected ${to}`);
  }
}

/** The address that DNS lists for the server's own name, `no address`, or why there is no answer. */
async function listedIn({ probe, name }: FaultTarget, each: Family): Promise<string> {
  const asked = await probe.ask(each, 'udp', `${name}.${domain}`, each === 4 ? 'A' : 'AAAA', patienceMs);
  const reply = firstReply(asked);
  return reply ? addressesIn(reply).join(' ') || 'no address' : asked.outcome;
}

function sparesOf({ topology, spareAddress }: FaultTarget): string[] {
  return [`${spareAddress(4)}/${topology.ipv4PrefixLength}`, `${spareAddress(6)}/${topology.ipv6PrefixLength}`];
}

async function lookAtSpare(target: FaultTarget, each: Family): Promise<string> {
  return (await target.probe.getAt(target.spareAddress(each), target.port, '/', patienceMs)).outcome;
}

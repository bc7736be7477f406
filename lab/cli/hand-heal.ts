/**
 * `lab heal`: undoes whatever was broken by hand. That is every fault, the behaviours that `behave` has changed, and what `lab dns` delays, drops,
 * truncates or answers with an error. The rest of the answer policy (filters, records, TTL, AAAA, flags, SOA) is a configuration and no defect, so it stays; if it is not
 * as it was when the lab came up, the answer says so.
 */
import type { Policy } from '../../services/dns/policy.ts';
import type { Observation } from '../faults/fault.ts';
import type { Lab } from '../run/lab.ts';
import { LabError, messageOf } from '../vocabulary/errors.ts';
import type { TargetName } from '../vocabulary/topology.ts';

/** The result of healing one thing that was broken by hand. */
export interface Healed extends Observation {
  /** What was healed: `kill backend-1`, `the behaviour of backend-3 (status=503)`. */
  what: string;
}

export interface HealedByHand {
  healed: Healed[];
  /** What is not as it was when the lab came up, and stays. */
  left: string[];
}

/** The DNS server of a lab by hand: what was changed there. */
export class HandDns {
  readonly #lab: Lab;
  readonly #atFirst: Promise<Policy | null>;
  #recordsChanged = false;

  constructor(lab: Lab) {
    this.#lab = lab;
    this.#atFirst = lab.server('dns').call<Policy>('policy').catch(() => null);
  }

  /** @throws {LabError} NOT_SUPPORTED while the server is paused or not running: it would not answer. */
  async call(command: string, args: Record<string, unknown>): Promise<Policy> {
    await this.#atFirst;
    const server = this.#lab.server('dns');
    const why = await server.isRunning().then((runs) => (runs ? null : 'its process is not running; heal the fault that has ended it first'), messageOf);
    if (why !== null) throw new LabError('NOT_SUPPORTED', `The DNS server cannot be changed: ${why}.`);
    const policy = await server.call<Policy>(command, args);
    const impairments = policy.rules.filter(({ id }) => id.startsWith('impair '));
    this.#lab.dnsImpairment = impairments.length === 0 ? null : `dns (${impairments.map(({ text }) => text).join('; ')})`;
    if (command === 'record') this.#recordsChanged = true;
    return policy;
  }

  /** Undoes what delays, drops, truncates or fails answers; null if nothing does. A server that was killed is told when it starts again. @throws {Error} while it is paused. */
  async heal(): Promise<Healed | null> {
    const what = this.#lab.dnsImpairment;
    if (what === null) return null;
    await this.#lab.server('dns').service.call('impair', { delayMs: 0, drop: false, rcode: null, truncate: null });
    this.#lab.dnsImpairment = null;
    return { what, ...(await this.#lab.lookHealed('dns', what)) };
  }

  /** What of the answer policy is not as it was when the lab came up, or null. */
  async left(): Promise<string | null> {
    const [atFirst, now] = [await this.#atFirst, await this.#lab.server('dns').service.call<Policy | undefined>('policy').catch(() => undefined)];
    if (!atFirst || !now) return null;
    const changes = [
      now.aaaa === atFirst.aaaa ? null : `AAAA ${now.aaaa ? 'on' : 'off'}`,
      ...(['aa', 'ra', 'soa'] as const).map((each) => (now[each] === atFirst[each] ? null : `${each.toUpperCase()} ${now[each] ? 'on' : 'off'}`)),
      now.ttlS === atFirst.ttlS ? null : `TTL ${now.ttlS} s`,
      ...(['A', 'AAAA'] as const).map((type) => (now.chains[type] === atFirst.chains[type] ? null : `${type} ${now.chains[type]}`)),
      this.#recordsChanged ? 'records' : null,
    ].filter((change) => change !== null);
    return changes.length === 0 ? null : `the answer policy of DNS (${changes.join(', ')}); \`lab dns\` changes it`;
  }
}

/** Heals what is broken on one host, or everything if `host` is null. What cannot be healed does not keep the others from being healed. */
export async function healByHand(lab: Lab, dns: HandDns, host: TargetName | null): Promise<HealedByHand> {
  const isMeant = (each: TargetName): boolean => host === null || host === each;
  const healed: Healed[] = [];
  const tryTo = async (what: string, heal: () => Promise<Healed | null>): Promise<void> => {
    const result = await heal().catch((error: unknown): Healed => ({ what, seen: false, observed: messageOf(error) }));
    if (result) healed.push(result);
  };
  // The newest first, as they were put on top of each other. What keeps the observer from seeing a baseline comes last.
  for (const fault of lab.inForce.filter((each) => isMeant(each.host)).toReversed()) {
    const what = `${fault.name} ${fault.host}`;
    await tryTo(what, async () => ({ what, ...(await fault.heal()) }));
  }
  for (const { backend, text } of lab.misbehaving.filter((each) => isMeant(each.backend))) {
    const what = `the behaviour of ${backend} (${text})`;
    await tryTo(what, async () => ({ what, ...(await lab.restoreBehaviour(backend)) }));
  }
  if (isMeant('dns')) await tryTo('dns', () => dns.heal());
  const policy = isMeant('dns') ? await dns.left() : null;
  return { healed, left: policy === null ? [] : [policy] };
}

/** What the pages of the workshop are told about the lab: once, and whenever something has changed. */
import type { Policy } from '../../services/dns/policy.ts';
import { behaviourOptions } from '../../services/backend/behaviour.ts';
import { clientOptions } from '../../client/client-options.ts';
import { optionsForAny } from '../clients/external-client.ts';
import { clientNames, ownClientNames } from '../clients/index.ts';
import { faultNamed, faultNames } from '../faults/index.ts';
import type { Lab } from '../run/lab.ts';
import type { OptionTable } from '../vocabulary/options.ts';
import { urlOf } from '../vocabulary/topology.ts';
import { expectedOf } from '../vocabulary/values.ts';
import type { Hello, ShownOption, WorkshopState } from '../workshop/messages.ts';
import type { HandClient } from './hand-client.ts';
import { policyLines, statusByHand } from './hand-status.ts';

/** What a page is told once. */
export async function helloOf(lab: Lab): Promise<Omit<Hello, 'canShare' | 'lessons'>> {
  const { network, topology } = lab;
  const { chains } = await lab.server('dns').remote.call<Policy>('policy');
  return {
    driver: network.driver,
    topology,
    url: urlOf(topology),
    chains: [`A ${chains.A}`, `AAAA ${chains.AAAA}`],
    faults: faultNames.map((name) => {
      const { summary, effect, on, options } = faultNamed(name);
      return { name, summary, effect, on: [...on], options: shownOptions(options) };
    }),
    behaviours: shownOptions(behaviourOptions),
    clients: clientNames,
    ownClients: ownClientNames,
    optionsForAny: [...optionsForAny],
    clientOptions: shownOptions(clientOptions).filter(({ name }) => name !== 'transport'),
  };
}

function shownOptions(table: OptionTable): ShownOption[] {
  return Object.entries(table).map(([name, { doc, default: usual, kind }]) => ({ name, doc, expected: expectedOf(kind), default: wordOf(usual) }));
}

/** A default as somebody types it; empty where it is not set. */
function wordOf(value: unknown): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : typeof value === 'number' || typeof value === 'string' ? String(value) : '';
}

/** The lab as it is now. It looks at processes and sockets, and sends no packet. */
export async function stateOf(lab: Lab, client: HandClient): Promise<Omit<WorkshopState, 'watchers' | 'isShared'>> {
  const status = await statusByHand(lab);
  return {
    hosts: status.hosts,
    faults: lab.inForce.map(({ name, host, optionText, observation }) => ({ host, text: `${name}${optionText && ` ${optionText}`}${observation.seen || observation.isHidden ? '' : ' (NOT seen)'}` })),
    behaviours: lab.misbehaving.map(({ backend, text }) => ({ host: backend, text })),
    dns: typeof status.dns === 'string' ? [`cannot be asked: ${status.dns}`] : policyLines(status.dns),
    connections: status.client,
    client: client.state,
    doubts: [...lab.doubts],
  };
}

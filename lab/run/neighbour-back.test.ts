/** A host that vanished comes back while a client still asks for its hardware address. The client's SYN waits for the answer, and then leaves. */
import { describe, expect, test } from 'vitest';
import type { ClientOptions } from '../../client/client-options.ts';
import { netns } from '../network/drivers/netns.ts';
import { describeWith } from '../testing/testing.ts';
import type { EventName } from '../vocabulary/events.ts';
import { addressOf, createTopology, httpPort, type Family } from '../vocabulary/topology.ts';
import type { FinishedRun } from './journal.ts';
import { runScenario } from './run-scenario.ts';
import { defineScenario } from './scenario.ts';

/** The client's host has never met this backend. */
const backend = 'backend-1';

interface Told extends FinishedRun {
  data: { askedTwice: boolean; left: boolean; result: { ok: boolean } };
  address: string;
  /** When the first event of this name was that is about the backend. */
  firstMs(name: EventName): number;
}

/** The kernel asks three times, a second apart. The host comes back after the second question. */
async function comeBack(client: string, family: Family, options: Partial<ClientOptions> = {}): Promise<Told> {
  const scenario = defineScenario({
    title: '', teaches: '', predict: '', explains: '', sources: [],
    run: async ({ topology, client: { get }, apply, until }) => {
      const address = addressOf(topology, backend, family);
      const isAbout = (event: object): boolean => 'address' in event && event.address === address;
      const gone = await apply('vanish', backend);
      const answer = get(`http://${family === 4 ? address : `[${address}]`}:${httpPort}/`);
      let asked = 0;
      const askedTwice = await until((event) => event.event === 'wire:neighbour-solicitation' && isAbout(event) && ++asked === 2, 10_000);
      await gone.heal();
      const left = await until((event) => event.event === 'wire:syn-ack' && isAbout(event), 10_000);
      return { askedTwice, left, result: await answer };
    },
    checks: () => [],
  });
  const run = await runScenario({ name: 'neighbour-back', scenario, driver: netns, client, clientOptions: options, seed: '1', signal: new AbortController().signal });
  const address = addressOf(createTopology(), backend, family);
  const firstMs = (name: EventName): number => run.events.find((event) => event.event === name && 'address' in event && event.address === address && event.tMs >= 0)?.tMs ?? NaN;
  return { ...run, data: run.data as Told['data'], address, firstMs };
}

describeWith(['netns', 'curl'], 'a neighbour that comes back', () => {
  describe('asks twice in vain', { concurrent: true }, () => {
    test.each([['node-fetch', 4], ['curl', 6]] as const)('%s over IPv%i: one attempt, from the first question to the SYN-ACK, and the request is answered', async (client, family) => {
      const { journal, events, data, address, firstMs } = await comeBack(client, family);
      expect(journal).toMatchObject({ status: 'completed', doubts: [] });
      expect(data).toMatchObject({ askedTwice: true, result: { ok: true } });
      expect(journal.findings.attempts).toMatchObject([{ request: 1, address, family, outcome: 'connected', startMs: firstMs('wire:neighbour-solicitation'), endMs: firstMs('wire:syn-ack'), synCount: 1, requests: 1 }]);
      // In this order, whatever the speed of the machine: two questions, the heal, the answer, the SYN.
      const order = events.filter((event) => event.tMs >= 0 && (event.event === 'fault:heal' || ('address' in event && event.address === address && /^wire:(neighbour|syn)/.test(event.event)))).map(({ event }) => event);
      expect(order.slice(0, 3)).toEqual(['wire:neighbour-solicitation', 'wire:neighbour-solicitation', 'fault:heal']);
      expect(order.slice(-3)).toEqual(['wire:neighbour-answer', 'wire:syn', 'wire:syn-ack']);
      // The kernel's own timer: its second question comes a second after the first one, and the SYN later still.
      expect(firstMs('wire:syn') - firstMs('wire:neighbour-solicitation')).toBeGreaterThan(1_000);
    });

    test('a client that has given up before: its SYN leaves nevertheless, and its attempt has ended when it gave up', async () => {
      const { journal, data, address, firstMs } = await comeBack('node-http', 4, { timeoutMs: 500 });
      expect(journal).toMatchObject({ status: 'completed', doubts: [] });
      expect(data).toMatchObject({ askedTwice: true, left: true, result: { ok: false } });
      expect(journal.findings.attempts).toMatchObject([{ request: 1, address, outcome: 'aborted', requests: 0 }]);
      expect(journal.findings.attempts[0]?.endMs).toBeLessThan(firstMs('wire:syn'));
      expect(journal.findings.requests).toEqual({ sent: 1, ok: 0, failed: 1 });
    });
  });
});

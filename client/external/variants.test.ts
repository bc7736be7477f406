/** Each option behind the name of a client: the client does with it what it does not do without it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clientOptions } from '../client-options.ts';
import { findClient } from '../../lab/clients/find-client.ts';
import { parseClient } from '../../lab/clients/index.ts';
import { netns } from '../../lab/network/drivers/netns.ts';
import { createLab, type Lab } from '../../lab/run/lab.ts';
import { clientContext } from '../../lab/run/stage.ts';
import { Timeline } from '../../lab/run/timeline.ts';
import { expectedOfClients } from '../../lab/testing/expected-clients.ts';
import { variantCases, type Trouble } from '../../lab/testing/expected-variants.ts';
import { describeWith } from '../../lab/testing/testing.ts';
import { defaultsOf } from '../../lab/vocabulary/options.ts';
import { httpPort, webName } from '../../lab/vocabulary/topology.ts';
import { profiles, type ProfileName } from './index.ts';
import type { Profile } from './profile.ts';

const troubles: readonly Trouble[] = ['refused', 'slow', 'status 503', 'silent'];
let lab: Lab;

const onAll = (change: (backend: string) => Promise<unknown>): Promise<unknown> => Promise.all(lab.topology.backends.map(change));

async function begin(trouble: Trouble): Promise<void> {
  if (trouble === 'slow') await onAll((backend) => lab.behave(backend, { delayMs: 6_000 }));
  if (trouble === 'status 503') await onAll((backend) => lab.behave(backend, { status: 503, delayMs: 0 }));
  if (trouble === 'silent') await onAll((backend) => lab.apply('blackhole', backend));
}

/** Makes one GET. Returns what the caller got, and how many requests reached a backend. */
async function ask(client: string, trouble: Trouble): Promise<{ outcome: string; requests: number }> {
  const from = lab.timeline.events.length;
  const { start } = await findClient(await clientContext(lab, undefined), parseClient(client));
  const started = await start(defaultsOf(clientOptions), 60_000);
  const result = trouble === 'refused' ? await started.get(`http://${webName}:${httpPort + 1}/`) : await started.get();
  await started.stop();
  await lab.settle();
  const requests = lab.timeline.events.slice(from).filter((event) => event.event === 'backend:request' && event.from === '198.51.100.200' && event.path === '/').length;
  return { outcome: result.ok ? 'answered' : [result.error, ...result.causes].join(' '), requests };
}

/** What clients do without options. Several options of one client are compared with the same request. */
const plain = new Map<string, ReturnType<typeof ask>>();
function askPlain(client: string, trouble: Trouble): ReturnType<typeof ask> {
  const key = `${client} ${trouble}`;
  const asked = plain.get(key) ?? ask(client, trouble);
  plain.set(key, asked);
  return asked;
}

test('each option of each client has a case', () => {
  const named = Object.entries<Profile>(profiles).flatMap(([name, { variants = {} }]) => Object.keys(variants).map((key) => `${name}?${key}`));
  const tested = variantCases.flatMap(({ client }) => {
    const parsed = parseClient(client);
    return 'options' in parsed ? Object.keys(parsed.options).map((key) => `${parsed.base}?${key}`) : [];
  });
  expect([...new Set(tested)].sort()).toEqual(named.sort());
});

describeWith('netns', 'in a lab', () => {
  beforeAll(async () => {
    lab = await createLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: {} });
    await Promise.all([lab.startServices(), lab.startCapture()]);
  }, 60_000);
  afterAll(() => lab[Symbol.asyncDispose]());

  describe.each(troubles.filter((trouble) => variantCases.some(({ meets }) => meets === trouble)))('%s', (trouble) => {
    beforeAll(() => begin(trouble), 60_000);
    for (const { client, meets, outcome, requests } of variantCases) {
      if (meets !== trouble) continue;
      const base = client.split('?')[0] as ProfileName;
      describeWith(expectedOfClients[base].needs, client, () => {
        test('does what the option says, and something else without it', { timeout: 120_000 }, async () => {
          const seen = await ask(client, trouble);
          expect(seen).toEqual({ outcome: expect.stringMatching(outcome) as string, requests });
          expect(await askPlain(base, trouble)).not.toEqual({ outcome: expect.stringMatching(outcome) as string, requests });
        });
      });
    }
  });
});

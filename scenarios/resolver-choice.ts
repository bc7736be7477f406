import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/scenario.ts';
export const resolverChoice = defineScenario({
  title: 'x', teaches: 'x', predict: 'x', explains: 'x', sources: [], reproduces: [],
  topology: { clientIpv4: '198.51.100.9' },
  client: { keepAlive: false },
  run: async ({ startClient, dns, note, client, topology }) => {
    await dns.aaaa(true);
    for (const resolver of ['lookup', 'resolve']) {
      const c = await startClient({ resolver });
      note(resolver);
      for (let i = 0; i < 3; i++) await c.get();
      await c.get('http://localhost:1/');
      note('concurrent');
      await dns.impair({ delayMs: 100 });
      await Promise.all(Array.from({ length: 5 }, () => c.get()));
      await dns.impair({ delayMs: 0 });
      await c.stop();
    }
    note('no ipv6');
    await client.$`ip -6 address flush dev eth0`;
    await client.get();
    const c = await startClient({ resolver:'resolve' });
    await c.get();
    await client.$`ip -6 address add ${topology.hosts.client.ipv6}/64 dev eth0 nodad`;
    await client.get();
  },
  checks: ({ findings: { requests } }) => [check('x', requests.ok === 2, requests.ok)],
});

import { check } from '../lab/analysis/checks.ts';
import { defineScenario } from '../lab/scenario.ts';
export const ulaAddresses = defineScenario({
  title: 'x', teaches: 'x', predict: 'x', explains: 'x', sources: [], reproduces: [],
  topology: { ipv6Network: 'fd00:1ab:1:' },
  client: { keepAlive: false },
  run: async ({ client, dns }) => {
    await client.get();
    await dns.aaaa(true);
    await client.get();
    await client.$`getent ahosts web.lab.test; cat /etc/gai.conf; ip addr; ip -6 route`.then(o => console.log(String(o)));
  },
  checks: ({ findings: { requests } }) => [check('x', requests.ok === 2, requests.ok)],
});

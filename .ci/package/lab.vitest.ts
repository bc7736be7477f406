import { startLab } from 'failover-lab';
import { faults } from 'failover-lab/faults';
import { expect, test } from 'vitest';

// Two labs side by side.
test.concurrent.for([1, 2])('the client falls back from a silent family (seed %i)', { timeout: 60_000 }, async (seed, { signal }) => {
  await using lab = await startLab({ seed, signal });
  await lab.dns.aaaa(true);
  const client = await lab.client();
  expect(faults.blackhole.on).toContain('backend');
  for (const backend of lab.backends) await lab.apply('blackhole', backend, { family: 6 });
  const answer = await client.get();
  expect(answer.ok).toBe(true);
  expect(lab.findings().fallbackDelayMs).toBeGreaterThan(200);
});

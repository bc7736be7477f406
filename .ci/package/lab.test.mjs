import assert from 'node:assert/strict';
import test from 'node:test';
import { startLab } from 'failover-lab';

test('a caller without a server gets an error', async (t) => {
  const lab = await startLab({ signal: t.signal });
  try {
    const client = await lab.client();
    assert.equal((await client.get()).ok, true);
    for (const backend of lab.backends) await lab.apply('kill', backend);
    const answer = await client.get();
    assert.equal(answer.error, 'ECONNREFUSED');
    assert.deepEqual(lab.findings().requests, { sent: 2, ok: 1, failed: 1 });
  } finally {
    await lab[Symbol.asyncDispose]();
  }
});

const { startLab } = require('failover-lab');

test('a client that is a command', async () => {
  const lab = await startLab();
  try {
    const client = await lab.client(['sh', '-c', 'echo "asked $0"', '{url}']);
    expect(await client.get()).toMatchObject({ ok: true, body: 'asked http://web.lab.test:8080/' });
  } finally {
    await lab[Symbol.asyncDispose]();
  }
}, 60_000);

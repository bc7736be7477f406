/** A session is offered as long as its ticket lives. What OpenSSL would not offer is not called refused. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { expect, onTestFinished, test, vi } from 'vitest';
import { issueAuthority } from '../../lab/network/issue-certificates.ts';
import { shakeHands } from './handshake.ts';

test('a session is offered within two hours, and not after them', async () => {
  const { root } = issueAuthority('a test');
  const server = tls.createServer(root, (socket) => { socket.on('error', () => {}); }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => { server.close(); });
  const { port } = server.address() as AddressInfo;
  const again = async (words: { offer?: string; keep?: string }): Promise<object> => {
    const { outcome, offered, resumed, kept } = await shakeHands({ address: '127.0.0.1', port, ca: root.cert, timeoutMs: 10_000, ...words });
    return { outcome, offered, resumed, kept };
  };
  vi.useFakeTimers({ toFake: ['hrtime'] });
  onTestFinished(() => { vi.useRealTimers(); });
  expect(await again({ offer: 'one', keep: 'one' })).toEqual({ outcome: 'done', offered: false, resumed: false, kept: true });
  vi.advanceTimersByTime(7_199_000);
  expect(await again({ offer: 'one' })).toEqual({ outcome: 'done', offered: true, resumed: true, kept: false });
  vi.advanceTimersByTime(1_000);
  expect(await again({ offer: 'one', keep: 'one' })).toEqual({ outcome: 'done', offered: false, resumed: false, kept: true });
});

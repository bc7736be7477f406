/** What our client tells of TLS and HTTP/2, with each of its transports, in a lab over HTTPS. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startLab, type StartedLab } from '../lab/api/index.ts';
import { describeWith } from '../lab/testing/testing.ts';
import type { EventName, TimelineEvent } from '../lab/vocabulary/events.ts';
import type { HttpVersion } from '../lab/vocabulary/topology.ts';

type Of<Name extends EventName> = Extract<TimelineEvent, { event: Name }>;

/** node:https offers no protocol in ALPN. */
const cases: { client: string; http: HttpVersion | null; alpn: string }[] = [
  { client: 'node-fetch', http: null, alpn: 'http/1.1' },
  { client: 'node-http', http: null, alpn: '' },
  { client: 'node-fetch', http: '2', alpn: 'h2' },
  { client: 'node-http', http: '2', alpn: 'h2' },
];

describeWith('netns', 'the trace over HTTPS', () => {
  let lab: StartedLab;
  beforeAll(async () => {
    lab = await startLab({ topology: { https: true } });
    await lab.dns.chain(['sort', 'selectFirst 1']);
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  /** The events of this name that the work has caused. */
  const during = async <T>(work: () => Promise<T>): Promise<{ result: T; told: <Name extends EventName>(name: Name) => Of<Name>[] }> => {
    const before = lab.events.length;
    const result = await work();
    const events = lab.events.slice(before);
    return { result, told: (name) => events.filter((event): event is Of<typeof name> => event.event === name) };
  };

  describe.each(cases)('$client, http=$http', ({ client: name, http, alpn }) => {
    test('tells the handshake, the tickets and the session of HTTP/2', async () => {
      const { told } = await during(async () => {
        const client = await lab.client(name, { ...(http && { http }) });
        for (let request = 0; request < 2; request++) expect(await client.get()).toMatchObject({ ok: true, status: 200 });
        await client.stop();
      });
      expect(told('client:tls-start')).toHaveLength(1);
      expect(told('client:tls-done')).toMatchObject([{ version: 'TLS 1.3', cipher: expect.stringMatching(/^TLS_/) as string, alpn, resumed: false, issuer: 'failover-lab intermediate CA', address: '198.51.100.11' }]);
      expect(told('client:tls-session').length).toBeGreaterThan(0);
      expect(told('client:h2-session')).toHaveLength(alpn === 'h2' ? 1 : 0);
      expect(told('client:connection').map(({ reused }) => reused)).toEqual([false, true]);
      // The backend saw the same handshake.
      expect(told('backend:tls').filter(({ from }) => from === lab.topology.hosts.client.ipv4)).toMatchObject([{ version: 'TLS 1.3', alpn, resumed: false }]);
    });

    test('tells a handshake that fails, with the whole chain of errors', async () => {
      const fault = await lab.apply('tls-certificate', 'backend-1', { kind: 'expired' });
      const { result, told } = await during(async () => {
        const client = await lab.client(name, { ...(http && { http }) });
        const answer = await client.get();
        await client.stop();
        return answer;
      });
      await fault.heal();
      expect(result).toMatchObject({ ok: false, error: 'CERT_HAS_EXPIRED' });
      expect(told('client:tls-failed')).toMatchObject([{ error: 'CERT_HAS_EXPIRED', causes: ['certificate has expired'], address: '198.51.100.11' }]);
      expect(told('client:tls-done')).toEqual([]);
      expect(told('client:error')[0]?.causes.join('; ')).toContain('certificate has expired');
    });

    test.runIf(alpn === 'h2')('tells GOAWAY, and a stream that was reset', async () => {
      const { told } = await during(async () => {
        const client = await lab.client(name, { http: '2' });
        await client.get();
        const reset = await lab.apply('h2-reset-stream', 'backend-1', { error: 'ENHANCE_YOUR_CALM' });
        expect(await client.get()).toMatchObject({ ok: false });
        await reset.heal();
        const goaway = await lab.apply('h2-goaway', 'backend-1', { how: 'error' });
        expect(await client.get()).toMatchObject({ ok: false });
        await goaway.heal();
        await client.stop();
      });
      expect(told('client:h2-reset').map(({ error }) => error)).toContain('ENHANCE_YOUR_CALM');
      expect(told('client:h2-goaway')).toMatchObject([{ error: 'INTERNAL_ERROR', lastStream: 5, address: '198.51.100.11' }]);
    });
  });
});

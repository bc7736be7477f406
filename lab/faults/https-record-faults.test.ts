/** Faults of the HTTPS answers, and `quic-silent`, in a lab over HTTPS. dig on the client's host judges both: it sends datagrams to any port. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { describeWith } from '../testing/testing.ts';
import { addressOf, dnsPort, httpsPort, urlOf, webName, type Family, type TargetName } from '../vocabulary/topology.ts';
import type { FaultName } from './index.ts';

const families = [4, 6] as const;
const record = '1 web.lab.test. alpn="h2,http/1.1"';
const delayMs = 200;

interface Case {
  fault: FaultName;
  options?: Record<string, string | number>;
  https: string;
  /** What an A query gets meanwhile. If it is not set: two addresses, at once. */
  A?: string;
  /** The shortest possible time of the HTTPS query, in milliseconds. */
  tookMs?: number;
}

const cases: Case[] = [
  { fault: 'dns-delay', options: { type: 'HTTPS', delayMs }, https: `NOERROR ${record}`, tookMs: delayMs - 1 },
  { fault: 'dns-drop', options: { type: 'HTTPS' }, https: 'silent' },
  { fault: 'dns-rcode', options: { type: 'HTTPS' }, https: 'SERVFAIL' },
  { fault: 'dns-nodata', options: { type: 'HTTPS' }, https: 'NOERROR' },
  { fault: 'dns-truncate', options: { type: 'HTTPS' }, https: 'NOERROR truncated' },
  // A rule for all types of the name hits the HTTPS query, whose name has the port before it; a rule for one address type does not.
  { fault: 'dns-rcode', options: { rcode: 'REFUSED' }, https: 'REFUSED', A: 'REFUSED' },
  { fault: 'dns-drop', options: { type: 'A' }, https: `NOERROR ${record}`, A: 'silent' },
];

describeWith(['netns', 'nft', 'dig', 'curl'], 'in a lab over HTTPS', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1', topology: { https: true } });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  /** What dig says of one query: `NOERROR` with the records, `silent`, or `refused`; and how long it took, by the clock of the test. */
  const dig = async (host: TargetName, family: Family, port: number, name: string, type: string): Promise<{ says: string; ms: number }> => {
    const start = performance.now();
    const { stdout } = await lab.host('client').run(['dig', '+tries=1', '+time=1', '+ignore', '+notcp', '-p', String(port), `@${addressOf(lab.topology, host, family)}`, name, type]);
    const ms = performance.now() - start;
    const status = /status: (\w+)/.exec(stdout)?.[1];
    if (status === undefined) return { says: /connection refused/.test(stdout) ? 'refused' : /timed out/.test(stdout) ? 'silent' : stdout, ms };
    const records = [...stdout.matchAll(/^\S+\s+\d+\s+IN\s+(?:A|HTTPS)\s+(.+)$/gm)].map(([, data = '']) => data);
    return { says: [status, ...(/flags:[^;]* tc/.test(stdout) ? ['truncated'] : []), ...(type === 'A' && records.length > 0 ? [`${records.length} addresses`] : records)].join(' '), ms };
  };
  const ofBoth = (type: string): Promise<{ says: string; ms: number }[]> => Promise.all(families.map((family) => dig('dns', family, dnsPort, type === 'A' ? webName : `_${httpsPort}._https.${webName}`, type)));
  const says = async (type: string): Promise<string[]> => (await ofBoth(type)).map(({ says: each }) => each);
  const both = (each: string): string[] => [each, each];

  test.for(cases)('$fault $options', async ({ fault, options = {}, https, A = 'NOERROR 2 addresses', tookMs }) => {
    const healthy = async (): Promise<void> => { expect([await says('HTTPS'), await says('A')]).toEqual([both(`NOERROR ${record}`), both('NOERROR 2 addresses')]); };
    await healthy();
    const applied = await lab.apply(fault, 'dns', options);
    const seen = await ofBoth('HTTPS');
    expect(seen.map((each) => each.says)).toEqual(both(https));
    if (tookMs !== undefined) for (const { ms } of seen) expect(ms).toBeGreaterThan(tookMs);
    expect(await says('A')).toEqual(both(A));
    await applied.heal();
    await healthy();
    expect(lab.doubts).toEqual([]);
  });

  test('quic-silent: datagrams meet silence in the chosen families, and ICMP before and after; TLS over TCP works', async () => {
    const udp = (): Promise<string[]> => Promise.all(families.map(async (family) => (await dig('backend-2', family, httpsPort, webName, 'A')).says));
    const tcp = (): Promise<string[]> => Promise.all(families.map(async (family) => (await lab.host('client').run(['curl', '-sSk', '--max-time', '5', '-o', '/dev/null', '-w', '%{http_code}', urlOf(lab.topology, addressOf(lab.topology, 'backend-2', family))])).stdout));
    for (const [options, expected] of [[{}, ['silent', 'silent']], [{ family: 6 }, ['refused', 'silent']]] as const) {
      expect(await udp()).toEqual(both('refused'));
      const applied = await lab.apply('quic-silent', 'backend-2', options);
      expect([await udp(), await tcp()]).toEqual([expected, both('200')]);
      await applied.heal();
    }
    expect([await udp(), await tcp()]).toEqual([both('refused'), both('200')]);
    expect(lab.doubts).toEqual([]);
  });
});

describeWith(['netns', 'dig'], 'in a lab over HTTP', () => {
  test('there is no HTTPS record, its queries can be hit all the same, and quic-silent is bad input', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const { stdout } = await lab.host('client').run(['dig', `@${addressOf(lab.topology, 'dns', 4)}`, webName, 'HTTPS']);
    expect(stdout).toMatch(/status: NOERROR[^]* ANSWER: 0, AUTHORITY: 1/);
    const dropped = await lab.apply('dns-drop', 'dns', { type: 'HTTPS' });
    expect(dropped.observation.observed).toBe('IPv4 HTTPS silent, IPv6 HTTPS silent');
    await dropped.heal();
    expect(lab.doubts).toEqual([]);
    await expect(lab.apply('quic-silent', 'backend-1')).rejects.toThrow('The fault quic-silent needs TLS. Expected a lab with scheme=https, got one with scheme=http.');
  });
});

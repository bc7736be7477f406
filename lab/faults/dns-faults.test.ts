/** The DNS faults in a real lab, judged by dig on the client's host: before, while in force, and after healing, in each family and for each type. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../network/drivers/driver.ts';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { describeWith, driverWith } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { addressOf, nobodysAddress, webName, type Family, type HostName } from '../vocabulary/topology.ts';
import { dnsFaults } from './dns-faults.ts';

/** Sends one query and returns what dig reports: `NOERROR 2 addresses TTL 60`, `silent`, `refused`. `+ignore` leaves a truncated answer as it is. */
async function dig(lab: Lab, family: Family, type: string, { tcp = false, host = 'client', name = webName }: { tcp?: boolean; host?: HostName; name?: string } = {}): Promise<string> {
  const how = ['+tries=1', '+time=1', '+ignore', '+nocookie', tcp ? '+tcp' : '+notcp'];
  const { stdout } = await lab.host(host).run(['dig', ...how, `@${addressOf(lab.topology, 'dns', family)}`, name, type]);
  if (/ID mismatch/.test(stdout)) return 'another id';
  if (/connection refused/.test(stdout)) return 'refused';
  const status = /status: (\w+)/.exec(stdout)?.[1];
  if (status === undefined) return /timed out|no servers could be reached/.test(stdout) ? 'silent' : stdout;
  const flags = /flags: ([^;]*)/.exec(stdout)?.[1]?.split(' ') ?? [];
  const records = [...stdout.matchAll(/^\S+\s+(\d+)\s+IN\s+(A|AAAA|CNAME)\s+(\S+)$/gm)];
  const addresses = records.filter(([, , each]) => each === type);
  const aliases = records.length - addresses.length;
  return [
    status,
    flags.includes('tc') ? 'truncated' : '',
    // An error is no answer from a zone, so it has no AA.
    ['aa', 'ra'].filter((flag) => !flags.includes(flag) && (flag !== 'aa' || status === 'NOERROR' || status === 'NXDOMAIN')).map((flag) => `no ${flag}`).join(' '),
    status === 'NOERROR' && records.length === 0 && !flags.includes('tc') && !/\sSOA\s/.test(stdout) ? 'no SOA' : '',
    aliases > 0 ? `${aliases} aliases` : '',
    addresses.length > 0 ? `${addresses.length} addresses TTL ${[...new Set(records.map(([, ttl]) => ttl))].join('/')}` : '',
  ].filter(Boolean).join(' ');
}

const healthy = 'NOERROR 2 addresses TTL 60';

interface Case {
  fault: keyof typeof dnsFaults;
  options?: Record<string, string | number>;
  A: string;
  AAAA?: string;
  tcp?: string;
  /** The shortest possible time of the A query, in milliseconds. */
  tookMs?: number;
}

const delayMs = 200;
const cases: Case[] = [
  { fault: 'dns-rcode', A: 'SERVFAIL', AAAA: 'SERVFAIL', tcp: 'SERVFAIL' },
  { fault: 'dns-rcode', options: { rcode: 'NXDOMAIN', type: 'A' }, A: 'NXDOMAIN', tcp: 'NXDOMAIN' },
  { fault: 'dns-rcode', options: { name: 'backend-1.lab.test' }, A: healthy },
  { fault: 'dns-nodata', options: { type: 'AAAA' }, A: healthy, AAAA: 'NOERROR' },
  { fault: 'dns-nodata', options: { type: 'AAAA', soa: 'off' }, A: healthy, AAAA: 'NOERROR no SOA' },
  { fault: 'dns-flags', A: 'NOERROR no aa no ra 2 addresses TTL 60', AAAA: 'NOERROR no aa no ra 2 addresses TTL 60', tcp: 'NOERROR no aa no ra 2 addresses TTL 60' },
  { fault: 'dns-flags', options: { aa: 'on', type: 'AAAA' }, A: healthy, AAAA: 'NOERROR no ra 2 addresses TTL 60' },
  { fault: 'dns-drop', A: 'silent', AAAA: 'silent', tcp: 'silent' },
  { fault: 'dns-drop', options: { type: 'AAAA' }, A: healthy, AAAA: 'silent' },
  { fault: 'dns-delay', options: { delayMs }, A: healthy, tookMs: delayMs - 1 },
  { fault: 'dns-truncate', A: 'NOERROR truncated', AAAA: 'NOERROR truncated' },
  { fault: 'dns-truncate', options: { records: 1, type: 'A' }, A: 'NOERROR truncated 1 addresses TTL 60' },
  { fault: 'dns-no-tcp', A: healthy, tcp: 'refused' },
  { fault: 'dns-no-tcp', options: { tcp: 'silent' }, A: healthy, tcp: 'silent' },
  { fault: 'dns-wrong-id', A: 'another id', AAAA: 'another id', tcp: 'another id' },
  // dig takes the first reply. A test below counts the replies.
  { fault: 'dns-duplicate', A: healthy },
  { fault: 'dns-dead-address', A: healthy },
  { fault: 'dns-record-removed', A: healthy },
  { fault: 'dns-ttl', A: 'NOERROR 2 addresses TTL 0', AAAA: 'NOERROR 2 addresses TTL 0', tcp: 'NOERROR 2 addresses TTL 0' },
  { fault: 'dns-cname', options: { links: 4 }, A: 'NOERROR 4 aliases 2 addresses TTL 60', AAAA: 'NOERROR 4 aliases 2 addresses TTL 60', tcp: 'NOERROR 4 aliases 2 addresses TTL 60' },
];

test('every fault of the table has a case', () => {
  expect(new Set(cases.map(({ fault }) => fault))).toEqual(new Set(Object.keys(dnsFaults)));
});

describeWith(['netns', 'dig'], 'DNS faults', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    await lab.dns.aaaa(true);
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  const look = (): Promise<string[][]> => Promise.all(([4, 6] as const).map((family) => Promise.all([dig(lab, family, 'A'), dig(lab, family, 'AAAA'), dig(lab, family, 'A', { tcp: true })])));
  const both = <T>(each: T): T[] => [each, each];

  test.for(cases)('$fault $options', async ({ fault, options = {}, A, AAAA = healthy, tcp = healthy, tookMs }) => {
    expect(await look()).toEqual(both([healthy, healthy, healthy]));
    const applied = await lab.apply(fault, 'dns', options);
    const start = performance.now();
    expect(await look()).toEqual(both([A, AAAA, tcp]));
    if (tookMs !== undefined) expect(performance.now() - start).toBeGreaterThan(tookMs);
    await applied.heal();
    expect(await look()).toEqual(both([healthy, healthy, healthy]));
    expect(lab.doubts).toEqual([]);
  });

  const under = async (fault: string, options: Record<string, string | number>, look: () => Promise<void>): Promise<void> => {
    const applied = await lab.apply(fault, 'dns', options);
    try {
      await look();
    } finally {
      await applied.heal();
    }
    expect(lab.doubts).toEqual([]);
  };
  const short = async (type: string): Promise<string[]> => {
    const { stdout } = await lab.host('client').run(['dig', '+short', `@${addressOf(lab.topology, 'dns', 4)}`, webName, type]);
    return stdout.trim().split('\n');
  };

  test('dns-dead-address: the address that no host has comes first, in each family', async () => {
    await under('dns-dead-address', {}, async () => {
      for (const [type, family] of [['A', 4], ['AAAA', 6]] as const) {
        const [first, second] = await short(type);
        expect(first).toBe(nobodysAddress(lab.topology, family));
        expect(second).toMatch(/1[123]$/);
      }
    });
  });

  test('dns-record-removed: none of twelve answers lists the backend, and each answer lists the other two', async () => {
    await under('dns-record-removed', { backend: 'backend-2' }, async () => {
      const answers = await Promise.all(Array.from({ length: 12 }, () => short('A')));
      for (const answer of answers) expect(answer.toSorted()).toEqual(['198.51.100.11', '198.51.100.13']);
    });
  });

  test('dns-duplicate: the server sends as many replies as configured', async () => {
    const count = async (): Promise<string> => {
      const counter = `
        const socket = require('dgram').createSocket('udp4');
        let replies = 0;
        socket.on('message', () => { if (++replies === 1) setTimeout(() => { console.log(replies); socket.close(); }, 150); });
        socket.send(Buffer.from('12340100000100000000000003776562036c6162047465737400000100' + '01', 'hex'), 53, '${addressOf(lab.topology, 'dns', 4)}');`;
      return (await lab.host('client').run([process.execPath, '--eval', counter])).stdout.trim();
    };
    expect(await count()).toBe('1');
    await under('dns-duplicate', { copies: 3 }, async () => { expect(await count()).toBe('3'); });
  });

  test('a fault for the client alone does not change the answers to other hosts', async () => {
    const fault = await lab.apply('dns-rcode', 'dns', { client: 'client' });
    expect(fault.observation.observed).toMatch(/^IPv4 A SERVFAIL.*, IPv6 A NOERROR .*\(not named by the rule\)$/);
    const seenFrom = (host: HostName): Promise<string[]> => Promise.all(([4, 6] as const).map((family) => dig(lab, family, 'A', { host })));
    expect([await seenFrom('client'), await seenFrom('backend-1')]).toEqual([both('SERVFAIL'), both(healthy)]);
    await fault.heal();
    expect(await seenFrom('client')).toEqual(both(healthy));
    expect(lab.doubts).toEqual([]);
  });

  test('a share of the queries: the observer sees the fault, and the same seed repeats the same draws for the client', async () => {
    const series = async (): Promise<string> => {
      const fault = await lab.apply('dns-rcode', 'dns', { percent: 40 });
      const { stdout } = await lab.host('client').run(['sh', '-c', `for i in 1 2 3 4 5 6 7 8 9 10 11 12; do dig +noall +comments @${addressOf(lab.topology, 'dns', 4)} ${webName} A | grep -o 'status: [A-Z]*'; done`]);
      await fault.heal();
      return stdout.replaceAll('status: ', '').replaceAll('\n', ' ').trim();
    };
    const first = await series();
    expect(new Set(first.split(' '))).toEqual(new Set(['NOERROR', 'SERVFAIL']));
    expect(await series()).toBe(first);
    expect(lab.doubts).toEqual([]);
  });

  test('two faults at once: both effects show, and each fault heals by itself', async () => {
    const late = await lab.apply('dns-delay', 'dns', { type: 'A', delayMs });
    const error = await lab.apply('dns-rcode', 'dns', { type: 'AAAA' });
    const start = performance.now();
    expect([await dig(lab, 4, 'A'), await dig(lab, 4, 'AAAA')]).toEqual([healthy, 'SERVFAIL']);
    expect(performance.now() - start).toBeGreaterThan(delayMs - 1);
    await late.heal();
    expect(await dig(lab, 4, 'AAAA')).toBe('SERVFAIL');
    await error.heal();
    expect(await look()).toEqual(both([healthy, healthy, healthy]));
    expect(lab.doubts).toEqual([]);
  });

  test.each([
    ['dns-nodata', { name: 'dns.lab.test', type: 'MX' }, 'Expected `type` of the fault dns-nodata to be one of any, A, AAAA, HTTPS, got `MX`.'],
    ['dns-flags', { aa: 'on', ra: 'on' }, 'Could not put dns-flags dns in force: the answers have these flags even without the fault'],
    ['dns-truncate', { records: 11 }, 'Expected `records` of the fault dns-truncate to be a whole number from 0 to 10, got 11.'],
    ['dns-ttl', { ttlS: 60 }, 'Could not put dns-ttl dns in force: the records have a TTL of 60 s even without the fault'],
    ['dns-rcode', { percent: 1 }, 'Expected `percent` of the fault dns-rcode to be a whole number from 5 to 100, got 1.'],
  ])('`apply` rejects %s %j', async (fault, options, message) => {
    await expect(lab.apply(fault, 'dns', options)).rejects.toThrow(message);
    expect(lab.inForce).toEqual([]);
  });

  test('the observer’s queries do not change the client’s sequence of answers', async () => {
    const sequence = async (look: boolean): Promise<string[][]> => {
      await using fresh = await startLab({ driver: netns, timeline: new Timeline(), seed: '7' });
      const answers: string[][] = [];
      for (let round = 0; round < 6; round++) {
        if (look) await fresh.probe.ask(4, 'udp', webName, 'A');
        const { stdout } = await fresh.host('client').run(['dig', '+short', `@${addressOf(fresh.topology, 'dns', 4)}`, webName, 'A']);
        answers.push(stdout.trim().split('\n'));
      }
      return answers;
    };
    expect(await sequence(true)).toEqual(await sequence(false));
  });
});

/** While `deaf.on` is true, no command reaches the DNS server: a `ping` is sent in its place. */
const deaf = { on: false };

function deafened(host: Host): Partial<Host> {
  if (host.name !== 'dns') return {};
  return {
    start: async (argv, options) => {
      const real = await host.start(argv, options);
      return { ...real, send: (line) => { real.send(deaf.on ? JSON.stringify({ ...(JSON.parse(line) as object), command: 'ping' }) : line); } };
    },
  };
}

describeWith('netns', 'a DNS fault that does not heal', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ driver: driverWith(netns, deafened), timeline: new Timeline(), seed: '1' });
  });
  afterAll(async () => {
    await lab[Symbol.asyncDispose]();
  });

  describe.for([{}, { percent: 50 }])('%j', (options) => {
    const names = Object.entries(dnsFaults).filter(([, fault]) => Object.keys(options).every((key) => key in fault.options)).map(([name]) => name);
    test.each(names)('%s', async (name) => {
      const before = lab.doubts.length;
      const applied = await lab.apply(name, 'dns', options);
      expect(lab.doubts.slice(before)).toEqual([]);
      deaf.on = true;
      await applied.heal();
      deaf.on = false;
      expect(lab.doubts.slice(before)).toEqual([expect.stringMatching(`^${name} dns did not heal: .* but the effect of ${name} dns is still there$`)]);
      await lab.server('dns').remote.call('unrule', { id: name });
      await lab.server('dns').remote.call('tcp', { mode: 'answer' });
    });
  });
});

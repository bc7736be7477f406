/** Tests the DNS server as a process on loopback. */
import { execFile } from 'node:child_process';
import { connect } from 'node:net';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { describeWith, freePort, localProcess, localService, type EventLog } from '../../lab/testing/testing.ts';
import { nodeArgv } from '../../lab/network/programs.ts';
import type { Remote } from '../../lab/network/remote.ts';
import type { DnsServerOptions } from './main.ts';
import { addressesOf, askTcp, askUdp, header, query } from './ask-server.ts';

const address = (last: number): string => `198.51.100.${last}`;
let port: number;
let remote: Remote;
let log: EventLog;

function options(): DnsServerOptions {
  const names = [11, 12, 13].flatMap((last) => [
    { name: 'web.lab.test', type: 'A' as const, address: address(last) },
    { name: 'web.lab.test', type: 'AAAA' as const, address: `2001:db8:1::${last}` },
  ]);
  const many = Array.from({ length: 100 }, (_, index) => ({ name: 'many.lab.test', type: 'A' as const, address: address(index) }));
  return { listen: ['127.0.0.1'], port, domain: 'lab.test', seed: '1', records: [...names, ...many] };
}

beforeEach(async () => {
  port = await freePort();
  ({ remote, log } = await localService(nodeArgv('services/dns/main.ts', JSON.stringify(options()))));
  // Answers hold two of three records, as in the lab, but in the zone's order, so that a test can expect exact addresses.
  await remote.call('filter', { filter: 'shuffle', on: false });
});

const web = query({ name: 'web.lab.test' });
const webAaaa = query({ name: 'web.lab.test', type: 'AAAA' });

test('the server answers over UDP and TCP, and each answer is an event', async () => {
  const [udp] = await askUdp(port, [web]);
  const { answers: [tcp] } = await askTcp(port, [web]);
  for (const answer of [udp, tcp]) expect(answer && addressesOf(answer)).toEqual([address(11), address(12)]);
  const answered = await log.have('dns:answer', 2);
  const common = { id: 4711, name: 'web.lab.test', type: 'A', from: '127.0.0.1', rcode: 'NOERROR', addresses: [address(11), address(12)], truncated: false };
  expect(answered).toMatchObject([{ ...common, transport: 'udp' }, { ...common, transport: 'tcp' }]);
  expect(log.names.filter((name) => name !== 'dns:policy')).toEqual(['dns:query', 'dns:answer', 'dns:query', 'dns:answer']);
});

test('a truncated answer has TC set, and over TCP the answer is whole', async () => {
  await remote.call('filter', { filter: 'selectFirst', on: false });
  const question = query({ name: 'many.lab.test' });
  const [udp] = await askUdp(port, [question]);
  expect(udp).toMatchObject({ tc: true, answers: [] });
  const { answers: [tcp] } = await askTcp(port, [question]);
  expect(tcp?.tc).toBe(false);
  expect(tcp?.answers).toHaveLength(100);
  expect((await log.have('dns:answer', 2)).map(({ truncated }) => truncated)).toEqual([true, false]);
});

describe('on one TCP connection', () => {
  const ids = [1, 2, 3, 4, 5];
  const pipelined = ids.map((id) => query({ id, name: 'web.lab.test' }));

  test('pipelined queries are all answered, and the connection stays open', async () => {
    const { answers, closed } = await askTcp(port, pipelined);
    expect(answers.map(({ id }) => id)).toEqual(ids);
    expect(closed).toBe(false);
  });

  test('a client that sends its FIN with its queries still gets all answers, delayed ones too, and then a FIN', async () => {
    await remote.call('impair', { type: 'A', delayMs: 30 });
    const { answers, closed } = await askTcp(port, pipelined, { end: true });
    expect(answers.map(({ id }) => id)).toEqual(ids);
    expect(closed).toBe(true);
  });

  test('a query that arrives byte by byte is answered when it is whole', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.setNoDelay(true);
    const bytes = Buffer.concat([Buffer.from([0, web.length]), web]);
    for (const byte of bytes) socket.write(Buffer.from([byte]));
    const first = await new Promise<Buffer>((resolve) => socket.once('data', resolve));
    expect(first.readUInt16BE(2)).toBe(4711);
    socket.destroy();
  });

  test('a client that resets its connection in the middle of a message does not disturb other clients', async () => {
    const socket = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', () => { resolve(); }));
    socket.write(Buffer.from([0, 100, 1, 2, 3]));
    socket.resetAndDestroy();
    expect((await askTcp(port, [web])).answers).toHaveLength(1);
  });
});

test('a malformed message is counted, gets FORMERR if it has the header of a query, and does not end the server', async () => {
  const absurd = header(7, 0, [65_535, 65_535, 65_535, 65_535]);
  const [formErr] = await askUdp(port, [Buffer.alloc(0), Buffer.from('nonsense'), header(8, 0x8000, [0, 0, 0, 0]), absurd], 1);
  expect(formErr).toMatchObject({ id: 7, rcode: 1, answers: [] });
  expect((await askTcp(port, [Buffer.alloc(0), absurd, web], { count: 2 })).answers.map(({ id, rcode }) => [id, rcode])).toEqual([[7, 1], [4711, 0]]);
  const malformed = await log.have('dns:malformed', 6);
  expect(malformed.map(({ count }) => count)).toEqual([1, 2, 3, 4, 5, 6]);
  expect(await askUdp(port, [web])).toHaveLength(1);
});

describe('an impairment', () => {
  test('drop: queries of that type cause an event and get no answer, and the other type is not affected', async () => {
    await remote.call('aaaa', { on: true });
    await remote.call('impair', { type: 'A', drop: true });
    const answers = await askUdp(port, [web, webAaaa], 1);
    expect(answers.map(addressesOf)).toEqual([['2001:db8:1:0:0:0:0:11', '2001:db8:1:0:0:0:0:12']]);
    expect(await log.have('dns:dropped')).toMatchObject([{ name: 'web.lab.test', type: 'A', from: '127.0.0.1' }]);
    expect(log.of('dns:answer').map(({ type }) => type)).toEqual(['AAAA']);
    await remote.call('impair', { type: 'A', drop: false });
    expect(await askUdp(port, [web])).toHaveLength(1);
  });

  test('rcode: only answers of that type get the RCODE', async () => {
    await remote.call('impair', { type: 'AAAA', rcode: 'SERVFAIL' });
    const answers = await askUdp(port, [query({ id: 1, name: 'web.lab.test', type: 'AAAA' }), query({ id: 2, name: 'web.lab.test' })]);
    expect(answers.toSorted((a, b) => a.id - b.id)).toMatchObject([{ id: 1, rcode: 2, aa: false, ra: true, answers: [] }, { id: 2, rcode: 0, aa: true }]);
  });

  test('delay: only answers of that type are late, by the given time, and later queries do not wait for them', async () => {
    const delayMs = 120;
    await remote.call('impair', { type: 'A', delayMs });
    const answers = await askUdp(port, [query({ id: 1, name: 'web.lab.test' }), query({ id: 2, name: 'web.lab.test', type: 'AAAA' })]);
    expect(answers.map(({ id }) => id)).toEqual([2, 1]);
    const [asked, answered] = [log.of('dns:query').find(({ type }) => type === 'A'), (await log.have('dns:answer', 2)).find(({ type }) => type === 'A')];
    const tookMs = (answered?.atMs ?? 0) - (asked?.atMs ?? 0);
    // Node's timers may fire up to a millisecond early. On a very busy machine with two cores they are up to 400 ms late.
    expect(tookMs).toBeGreaterThanOrEqual(delayMs - 1);
    expect(tookMs).toBeLessThan(delayMs + 400);
  });
});

describe('the control plane', () => {
  test('refuses an unknown command and a line that is not a command, and then still answers', async () => {
    await expect(remote.call('shuffel')).rejects.toThrow('Unknown command `shuffel`. Known: ping, policy, aaaa, aa, ra, soa, ttl, filter, chain, record, announce, readdress, rule, unrule, tcp, impair.');
    await expect(remote.call('toString')).rejects.toThrow('Unknown command `toString`.');
    remote.process.send('no JSON');
    await expect(remote.call('ping')).resolves.toBeTypeOf('number');
  });
});

test('a port that is in use ends the server with exit status 1 and a message', async () => {
  const second = await localProcess(nodeArgv('services/dns/main.ts', JSON.stringify(options()))).exited;
  expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(new RegExp(`^dns: cannot listen on 127\\.0\\.0\\.1 port ${port}: .*EADDRINUSE`)) as string });
});

describeWith('dig', 'dig agrees', () => {
  const dig = async (...words: string[]): Promise<string> => {
    const { stdout } = await promisify(execFile)('dig', ['@127.0.0.1', '-p', String(port), '+tries=1', '+time=3', '+nocookie', '+norecurse', ...words]);
    return stdout;
  };
  const flags = (text: string): string => /flags: ([^;]*);/.exec(text)?.[1] ?? '';

  test('over UDP: an authoritative answer without a warning', async () => {
    const text = await dig('web.lab.test', 'A');
    expect(text).toMatch(/status: NOERROR/);
    expect(flags(text)).toBe('qr aa ra');
    expect(text).toMatch(/EDNS: version: 0, flags:; udp: 1232/);
    expect(text.match(/^web\.lab\.test\.\s+60\s+IN\s+A\s+.*$/gm)?.map((line) => line.split('\t').at(-1))).toEqual([address(11), address(12)]);
    expect(text).not.toMatch(/warn|malformed|mismatch/i);
  });

  test('over TCP', async () => {
    const text = await dig('+tcp', 'web.lab.test', 'A');
    expect(text).toContain('(TCP)');
    expect(text).toContain(address(12));
  });

  test('in mixed case', async () => {
    expect((await dig('wEb.LaB.tEsT', 'A')).match(/^wEb\.LaB\.tEsT\.\s+60\s+IN\s+A/gm)).toHaveLength(2);
  });

  test('AAAA, after it is switched on', async () => {
    await remote.call('aaaa', { on: true });
    expect(await dig('+short', 'web.lab.test', 'AAAA')).toBe('2001:db8:1::11\n2001:db8:1::12\n');
  });

  const ownSoa = 'lab.test. 60 IN SOA dns.lab.test. hostmaster.lab.test. 1 3600 600 86400 60';
  const rootSoa = '. 60 IN SOA a.root-servers.net. nstld.verisign-grs.com. 1 1800 900 604800 60';
  test.each([
    ['NODATA', ['web.lab.test', 'MX'], 'NOERROR', 'qr aa ra', ownSoa],
    ['NXDOMAIN', ['nobody.lab.test', 'A'], 'NXDOMAIN', 'qr aa ra', ownSoa],
    ['NXDOMAIN outside the zone', ['example.test', 'A'], 'NXDOMAIN', 'qr ra', rootSoa],
    ['the SOA of the root', ['.', 'SOA'], 'NOERROR', 'qr ra', rootSoa],
    ['BADVERS', ['+edns=1', '+noednsneg', 'web.lab.test', 'A'], 'BADVERS', 'qr ra', undefined],
  ])('%s', async (_, words, status, expectedFlags, soa) => {
    const text = await dig(...words);
    expect(text).toContain(`status: ${status}`);
    expect(flags(text)).toBe(expectedFlags);
    expect(/^\S+\s+60\s+IN\s+SOA\s+.*$/m.exec(text)?.[0].replaceAll(/\s+/g, ' ')).toBe(soa);
  });

  test.each([
    ['without EDNS: truncated at 512', ['+noedns', '+ignore'], true],
    ["with EDNS: truncated above the client's size", ['+bufsize=600', '+ignore'], true],
    ['without EDNS and by default: dig asks again over TCP', ['+noedns'], false],
  ])('%s', async (_, words, truncated) => {
    await remote.call('filter', { filter: 'selectFirst', on: false });
    const text = await dig(...words, 'many.lab.test', 'A');
    expect(flags(text)).toBe(truncated ? 'qr aa tc ra' : 'qr aa ra');
    expect(text.match(/\sIN\sA\s/g)?.length ?? 0).toBe(truncated ? 1 : 101);
    if (!truncated) expect(text).toContain('Truncated, retrying in TCP mode');
  });
});

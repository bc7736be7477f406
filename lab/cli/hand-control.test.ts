/** The lab by hand and its second terminals: several at once, terminals that go away, and what `heal` undoes. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { Timeline } from '../run/timeline.ts';
import { describeWith, until } from '../testing/testing.ts';
import { HandClient } from './hand-client.ts';
import type { HandControl, HandCommands } from './hand-control.ts';
import type { HealedByHand } from './hand-heal.ts';
import { statusLines, type HandStatus } from './hand-status.ts';

describeWith(['netns', 'nft'], 'a lab by hand', () => {
  let lab: Lab;
  let control: HandControl;
  let folder: string;
  let askLab: <Command extends keyof HandCommands>(command: Command, args: HandCommands[Command]) => Promise<unknown>;
  let downs = 0;

  beforeAll(async () => {
    // The socket is in a folder of this test, so a lab that somebody keeps up is not touched.
    folder = mkdtempSync(join(tmpdir(), 'by-hand-'));
    vi.stubEnv('TMPDIR', folder);
    vi.stubEnv('XDG_RUNTIME_DIR', undefined);
    const module = await import('./hand-control.ts');
    askLab = module.askLab;
    control = await module.openHandControl();
    lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    control.serve(module.handHandlers(lab, new HandClient(lab), () => { downs++; }));
  });
  afterEach(async () => {
    await heal();
  });
  afterAll(async () => {
    await control[Symbol.asyncDispose]();
    await lab[Symbol.asyncDispose]();
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true });
  });

  const heal = (host: string | null = null): Promise<HealedByHand> => askLab('heal', { host }) as Promise<HealedByHand>;
  const healedOf = ({ healed }: HealedByHand): string[] => healed.map(({ what, seen }) => `${what} ${seen}`);
  const apply = (fault: string, host: string, options: Record<string, string> = {}): Promise<unknown> => askLab('apply', { fault, host, options });
  const dns = (command: string, args: Record<string, unknown>): Promise<unknown> => askLab('dns', { command, args });

  test('several terminals at once: each gets its own answer, and of two equal faults one is refused', async () => {
    const answers = await Promise.allSettled([
      apply('blackhole', 'backend-1'),
      apply('blackhole', 'backend-1'),
      apply('kill', 'backend-2'),
      askLab('behave', { backend: 'backend-3', change: { status: '503' } }),
      dns('aaaa', { on: 'on' }),
      dns('filter', { filter: 'shuffle', on: 'off' }),
      askLab('argv', { host: 'client', argv: ['true'], directory: '/', tty: false }),
      dns('ttl', { seconds: 'soon' }),
      apply('nonsense', 'backend-1'),
    ]);
    const values = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value : (answer.reason as Error).message));
    // Several terminals have no order: either of the two equal faults can be the first one.
    const [first, second] = answers[0].status === 'fulfilled' ? [0, 1] : [1, 0];
    expect(values[first]).toMatchObject({ seen: true, observed: expect.stringContaining('silent') as string });
    expect(values[second]).toBe('blackhole backend-1 is in force already; heal it first.');
    expect(answers.slice(2).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'rejected']);
    expect(values[2]).toMatchObject({ seen: true, observed: 'IPv4 ECONNREFUSED, IPv6 ECONNREFUSED' });
    expect(values[3]).toMatchObject({ status: 503 });
    // For the same reason, each answer has at least its own change.
    expect(values[4]).toMatchObject({ aaaa: true });
    expect(values[5]).toMatchObject({ chains: { A: 'up > selectFirst 2' } });
    expect(values[6]).toContain('true');
    expect(values[7]).toContain('Expected `seconds` to be');
    expect(values[8]).toContain('Unknown fault `nonsense`');
  });

  test('several terminals heal at once: each thing is healed once, and then nothing is broken', async () => {
    await Promise.all([apply('blackhole', 'backend-1'), apply('kill', 'backend-2'), askLab('behave', { backend: 'backend-3', change: { status: 503 } })]);
    const before = lab.timeline.events.length;
    const answers = await Promise.all([heal(), heal(), heal('backend-1')]);
    expect(new Set(answers.flatMap(healedOf))).toEqual(new Set(['blackhole backend-1 true', 'kill backend-2 true', 'the behaviour of backend-3 (status=503) true']));
    const heals = lab.timeline.events.slice(before).flatMap((event) => (event.event === 'fault:heal' ? [event.fault] : []));
    expect(heals.sort()).toEqual(['blackhole backend-1', 'kill backend-2']);
    expect(healedOf(await heal())).toEqual([]);
    expect([lab.inForce, lab.misbehaving, lab.doubts]).toEqual([[], [], []]);
  });

  test('heal restores behaviours and DNS that drops, and names the answer policy, which it leaves', async () => {
    await dns('policy', {});
    await askLab('behave', { backend: 'backend-3', change: { status: '503' } });
    await dns('impair', { type: 'A', drop: 'on' });
    await dns('aaaa', { on: 'on' });
    const { healed, left } = await heal();
    expect(healed).toEqual([
      { what: 'the behaviour of backend-3 (status=503)', seen: true, observed: 'IPv4 200, IPv6 200' },
      { what: 'dns (A queries: drop true)', seen: true, observed: 'IPv4 response, IPv6 response' },
    ]);
    expect(left.join()).toMatch(/^the answer policy of DNS \(AAAA on.*\); `lab dns` changes it$/);
    await dns('aaaa', { on: 'off' });
    await dns('filter', { filter: 'shuffle', on: 'on' });
    expect(await heal()).toEqual({ healed: [], left: [] });
  });

  test('heal on one host leaves the others', async () => {
    await apply('kill', 'backend-1');
    await apply('kill', 'backend-2');
    expect(healedOf(await heal('backend-1'))).toEqual(['kill backend-1 true']);
    expect(healedOf(await heal('backend-1'))).toEqual([]);
    expect(lab.inForce.map(({ host }) => host)).toEqual(['backend-2']);
  });

  test('a fault on the DNS server that heals while its queries are dropped by hand is looked at when both are healed', async () => {
    await dns('impair', { drop: 'on' });
    await apply('kill', 'dns');
    await expect(dns('aaaa', { on: 'on' })).rejects.toThrow('The DNS server cannot be changed: its process is not running; heal the fault that has ended it first.');
    const { healed } = await heal();
    expect(healed).toEqual([
      { what: 'kill dns', seen: true, observed: 'cannot be seen before dns (A queries: drop true; AAAA queries: drop true) is healed', isHidden: true },
      { what: 'dns (A queries: drop true; AAAA queries: drop true)', seen: true, observed: 'IPv4 response, IPv6 response' },
    ]);
    expect(lab.doubts).toEqual([]);
  });

  test('status: processes, faults, behaviours, DNS and connections, and what cannot be asked', async () => {
    const { node } = lab.network.runtime;
    const status = (): Promise<HandStatus> => askLab('status', {}) as Promise<HandStatus>;
    expect(await status()).toMatchObject({ driver: 'netns', faults: [], behaviours: [], client: [], dns: { aaaa: false } });
    const holder = await lab.host('client').start([node, '--eval', 'require("net").connect(8080, "198.51.100.13")']);
    await until(async () => ((await status()).client.some(({ state }) => state === 'ESTAB') ? true : undefined), 'the connection');
    await apply('blackhole', 'backend-1', { family: '4' });
    await apply('kill', 'backend-2');
    await askLab('behave', { backend: 'backend-3', change: { status: '503' } });
    await apply('pause', 'dns');
    const seen = await status();
    expect(seen.hosts.map(({ name, process, connections }) => [name, process, connections])).toEqual([
      ['client', null, null], ['dns', 'paused', 0], ['backend-1', 'runs', 0], ['backend-2', 'ended', 0], ['backend-3', 'runs', 1], ['observer', null, null],
    ]);
    expect(seen.faults).toEqual(['blackhole backend-1 family=4: seen (IPv4 silent)', 'kill backend-2: seen (IPv4 ECONNREFUSED, IPv6 ECONNREFUSED)', expect.stringMatching(/^pause dns: seen /) as string]);
    expect(seen).toMatchObject({ behaviours: ['backend-3 status=503'], dns: expect.stringContaining('paused') as string, client: [{ state: 'ESTAB', peer: '198.51.100.13:8080', host: 'backend-3' }] });
    const text = statusLines(seen).join('\n');
    for (const part of ['backend-2  198.51.100.12', 'ended', 'DNS          cannot be asked: ', '198.51.100.13:8080 (backend-3)  ESTAB']) expect(text).toContain(part);
    await holder.signal('SIGKILL');
    await heal();
    await until(async () => ((await status()).client.some(({ state }) => state === 'ESTAB') ? undefined : true), 'the end of the connection');
    expect(statusLines(await status()).join('\n')).toContain('AAAA off · TTL');
  });

  /** Writes lines to the socket, and returns what comes back until the other side or this one closes. */
  const raw = async (...lines: string[]): Promise<unknown[]> => {
    const socket = connect(join(folder, `failover-lab-${userInfo().uid}`, 'control.sock'));
    let answers = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (answers += chunk));
    socket.write(lines.map((line) => `${line}\n`).join(''));
    await until(() => (answers.split('\n').length > lines.length ? true : undefined), `${lines.length} answers; got ${answers}`);
    socket.destroy();
    return answers.trimEnd().split('\n').map((line) => JSON.parse(line) as unknown);
  };

  test('a line that is no command is answered with an error, and the terminal goes on', async () => {
    // JSON may contain U+2028, which is no line end here.
    const [garbage, separator, nobody, unknown, last] = await raw('garbage', '{"command":"a\u2028b"}', '{"command":"argv","args":{"host":"nobody"}}', '{"command":"nonsense"}', '{"command":"dns","args":{"command":"policy","args":{}}}');
    expect(garbage).toEqual({ error: 'Expected a line like {"command":"heal","args":{"host":null}}, got `garbage`.' });
    expect(separator).toMatchObject({ error: expect.stringContaining('Unknown command `a\\u{2028}b`') as string });
    expect(nobody).toMatchObject({ error: expect.stringContaining('Unknown host') as string });
    expect(unknown).toEqual({ error: 'Unknown command `nonsense`. Known: dns, apply, heal, argv, behave, client, ask, rate, status, down.' });
    expect(last).toMatchObject({ result: { aaaa: false } });
  });

  test('a terminal that goes away in the middle of its command disturbs nothing', async () => {
    const socket = connect(join(folder, `failover-lab-${userInfo().uid}`, 'control.sock'));
    socket.write('{"command":"apply","args":{"fault":"kill","host":"backend-1","options":{}}}\n', () => { socket.destroy(); });
    await until(() => (lab.inForce.length === 1 ? true : undefined), 'the fault');
    expect(healedOf(await heal())).toEqual(['kill backend-1 true']);
  });

  test('`down` is answered when the lab has closed the socket', async () => {
    const answered: string[] = [];
    const down = askLab('down', {}).then(() => answered.push('down'));
    await until(() => (downs === 1 ? true : undefined), 'the command');
    expect(answered).toEqual([]);
    await control[Symbol.asyncDispose]();
    await down;
    expect(answered).toEqual(['down']);
    const module = await import('./hand-control.ts');
    control = await module.openHandControl();
    control.serve(module.handHandlers(lab, new HandClient(lab), () => { downs++; }));
  });
});

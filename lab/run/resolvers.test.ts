/** Real resolvers between client and DNS server: what they do, that the witnesses agree, and what the lab says if one is missing or ends. */
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { askedIn, type Step } from '../../scenarios/cached-common.ts';
import { scenarios } from '../../scenarios/index.ts';
import { disagreements } from '../analysis/witnesses.ts';
import { netns } from '../network/drivers/netns.ts';
import { describeWith, driverWith, namespaceMates, until } from '../testing/testing.ts';
import { resolverHosts, resolverNames, type ResolverName } from '../vocabulary/resolvers.ts';
import { createTopology, hostsOf, webName } from '../vocabulary/topology.ts';
import type { FinishedRun } from './journal.ts';
import { startLab } from './lab.ts';
import { findResolver, firstResolver, missingResolver } from './resolvers.ts';
import { runScenario, type RunOptions } from './run-scenario.ts';
import { Timeline } from './timeline.ts';

const run = (resolver: ResolverName, options: Partial<RunOptions> = {}): Promise<FinishedRun> =>
  runScenario({ name: 'cached-answers', scenario: scenarios['cached-answers'], driver: netns, client: 'node-fetch', clientOptions: {}, resolver, seed: '1', signal: new AbortController().signal, ...options });

/** The differences between the witnesses of a run. */
function differences({ events, journal: { resolver } }: FinishedRun): string[] {
  return disagreements(events.filter(({ tMs }) => tMs >= 0), createTopology({ ...(resolver && { resolver: resolver.name }) }));
}

describe.each(resolverNames)('%s', (name) => {
  describeWith(['netns', name], 'in the lab', () => {
    test('cached-answers passes, and the witnesses agree', { timeout: 60_000 }, async () => {
      const finished = await run(name);
      const { journal, events } = finished;
      expect({ error: journal.error, doubts: journal.doubts, failed: journal.checks.filter(({ verdict }) => verdict !== 'pass') }).toEqual({ error: null, doubts: [], failed: [] });
      expect(journal.resolver).toEqual({ name, version: expect.stringMatching(/^\d/) as string, serveStale: false });
      expect(differences(finished)).toEqual([]);
      // docs/skew.md says so of each one. The scenario's own check has said that the answer lived for at least a second.
      const { hour, short } = finished.data as { hour: Step; short: Step };
      expect(new Set(hour.results.map(({ address }) => address)).size).toBe(name === 'nscd' ? 1 : 2);
      const [fromMs = 0, againMs = 0] = askedIn({ events, topology: createTopology({ resolver: name }) }, short, null).queriesMs;
      expect(againMs - fromMs > 5_000).toBe(name === 'nscd');
      const of = (event: string): number => events.filter((each) => each.event === event && each.host === resolverHosts[name]).length;
      expect(journal.findings.resolver).toMatchObject({ questions: of('resolver:query') });
      expect([(journal.findings.resolver?.fromCache ?? 0) > 20, (journal.findings.resolver?.forwarded ?? 0) > 20]).toEqual([true, true]);
    });

    test('the witnesses agree also where DNS fails, and libc repeats its question', { timeout: 60_000 }, async () => {
      const finished = await run(name, { name: 'dns-servfail', scenario: scenarios['dns-servfail'] });
      expect({ error: finished.journal.error, doubts: finished.journal.doubts, differences: differences(finished) }).toEqual({ error: null, doubts: [], differences: [] });
    });

    test('its log says what another client gets: getent, asked twice', { timeout: 60_000 }, async () => {
      const timeline = new Timeline();
      await using lab = await startLab({ driver: netns, timeline, seed: '1', topology: { resolver: name } });
      for (let asked = 0; asked < 2; asked++) expect((await lab.host('client').run(['getent', 'ahosts', webName])).stdout).toContain('198.51.100.1');
      await lab.settle();
      const answers = timeline.events.flatMap((event) => (event.event === 'resolver:answer' && event.name === webName && event.type.startsWith('A') ? [event] : []));
      const ofType = (type: string): string[] => answers.filter((event) => event.type === type).map(({ source }) => source);
      expect(name === 'nscd' ? [ofType('A AAAA')] : [ofType('A'), ofType('AAAA')]).toEqual(name === 'nscd' ? [['forwarded', 'cache']] : [['forwarded', 'cache'], ['forwarded', 'cache']]);
      // The DNS server was asked once, and where the resolver has a host of its own, from there.
      const { client, resolver } = lab.topology.hosts;
      const own = resolverHosts[name] === 'resolver' ? resolver : client;
      const queries = timeline.events.flatMap((event) => (event.event === 'dns:query' && event.name === webName && event.from === own.ipv4 ? [event.type] : []));
      expect(queries.sort()).toEqual(['A', 'AAAA']);
      expect(lab.doubts).toEqual([]);
    });

    test('its end is a doubt', { timeout: 60_000 }, async () => {
      const timeline = new Timeline();
      await using lab = await startLab({ driver: netns, timeline, seed: '1', topology: { resolver: name } });
      const mates = await namespaceMates(lab.server('dns').remote.process.pid);
      const found = mates.filter((pid) => basename(readlinkSync(`/proc/${pid}/exe`)) === name);
      expect(found).toHaveLength(1);
      for (const pid of found) process.kill(pid, 'SIGKILL');
      await until(() => (lab.doubts.length > 0 ? true : undefined), 'a doubt');
      expect(lab.doubts).toEqual([expect.stringMatching(new RegExp(`^the resolver ${name} ended: exit status 1; it wrote: ${name} ended: SIGKILL`))]);
    });
  });
});

describeWith(['netns', 'unbound'], 'a run with a resolver', () => {
  test('a scenario that is written without one is not failed by the cache', { timeout: 60_000 }, async () => {
    const { journal } = await run('unbound', { name: 'stale-dns', scenario: scenarios['ipv4-only'] });
    expect(journal.verdict).toBe('unknown');
    expect(journal.checks.filter(({ verdict }) => verdict === 'fail')).toEqual([]);
    expect(journal.checks.find(({ verdict }) => verdict === 'unknown')?.observed).toContain('the cache may be the reason');
  });

  test('a scenario that needs one takes the first that is found', { timeout: 60_000 }, async () => {
    const { journal } = await runScenario({ name: 'cached-answers', scenario: scenarios['cached-answers'], driver: netns, client: 'true {url}', clientOptions: {}, seed: '1', signal: AbortSignal.timeout(3_000) });
    expect(journal.resolver?.name).toBe('unbound');
  });

  test('its log is held against the packets: an answer that is not in the log is a difference', { timeout: 60_000 }, async () => {
    const finished = await run('unbound');
    const last = finished.events.findLast(({ event }) => event === 'resolver:answer');
    expect(differences({ ...finished, events: finished.events.filter((event) => event !== last) })).toEqual([expect.stringContaining('answers of the resolver')]);
  });
});

describe('messages', () => {
  afterEach(() => { vi.unstubAllEnvs(); });

  test('a resolver that is not there, with its package', async () => {
    vi.stubEnv('PATH', '/nowhere');
    // Debian's own folders are always looked into. In CI, systemd-resolved is in none of them, so at least that one is missing.
    const found = await Promise.all(resolverNames.map((name) => findResolver(name, netns).then(() => null, (error: unknown) => error)));
    for (const error of found) if (error !== null) expect(error).toMatchObject({ code: 'MISSING_TOOL', message: expect.stringMatching(/^The resolver `.*` was not found on PATH, in \/usr\/sbin, \/sbin or \/usr\/lib\/systemd\. To get it: apt-get install /) as string });
  });

  test('a resolver whose version cannot serve expired records, and one that never could', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'resolvers-'));
    onTestFinished(() => { rmSync(folder, { recursive: true }); });
    writeFileSync(join(folder, 'unbound'), '#!/bin/sh\necho Version 1.8.3\n', { mode: 0o755 });
    writeFileSync(join(folder, 'nscd'), '#!/bin/sh\necho "nscd (Debian GLIBC 2.36-9) 2.36"\n', { mode: 0o755 });
    vi.stubEnv('PATH', `${folder}:${process.env['PATH'] ?? ''}`);
    expect(await findResolver('unbound', netns)).toEqual({ name: 'unbound', file: join(folder, 'unbound'), version: '1.8.3' });
    await expect(findResolver('unbound', netns, { serveStale: true })).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: 'unbound 1.8.3 has no setting to answer with expired records (RFC 8767); unbound has it since 1.9.' });
    await expect(findResolver('nscd', netns, { serveStale: true })).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: 'nscd 2.36 has no setting to answer with expired records (RFC 8767).' });
  });

  test('docker has none', async () => {
    const docker = { name: 'docker' };
    await expect(findResolver('unbound', docker)).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: expect.stringContaining('needs the netns driver') as string });
    await expect(firstResolver(docker)).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(await missingResolver(docker)).toBe('needs a resolver between client and DNS server, which the docker driver does not have');
    let isMade = false;
    const driver = { ...driverWith(netns, () => ({})), name: 'docker', start: () => { isMade = true; return Promise.reject(new Error('made')); } };
    await expect(startLab({ driver, timeline: new Timeline(), seed: '1', topology: { resolver: 'nscd' } })).rejects.toMatchObject({ code: 'NOT_SUPPORTED' });
    expect(isMade).toBe(false);
  });

  test('expired records without a resolver', () => {
    expect(() => createTopology({ serveStale: true })).toThrow('`serveStale` needs `resolver`');
  });
});

describe('the topology with a resolver', () => {
  test('has the host only for a resolver that runs on it, and the client asks there', () => {
    const of = (resolver: ResolverName): [boolean, readonly string[] | null] => {
      const topology = createTopology({ resolver });
      return [hostsOf(topology).includes('resolver'), topology.resolvConf];
    };
    expect(of('unbound')).toEqual([true, ['nameserver 198.51.100.54']]);
    expect(of('dnsmasq')).toEqual([true, ['nameserver 198.51.100.54']]);
    expect(of('systemd-resolved')).toEqual([false, ['nameserver 127.0.0.53']]);
    expect(of('nscd')).toEqual([false, ['nameserver 198.51.100.53']]);
    expect(hostsOf(createTopology())).not.toContain('resolver');
    expect(createTopology({ resolver: 'unbound', resolvConf: ['nameserver 198.51.100.99', 'nameserver 198.51.100.53', 'options timeout:1'] }).resolvConf).toEqual(['nameserver 198.51.100.99', 'nameserver 198.51.100.54', 'options timeout:1']);
  });
});

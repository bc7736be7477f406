/**
 * The lab believes no fault until the observer has seen it. These tests keep each fault from having its effect without telling the lab, and
 * the lab must notice. They also keep each fault from healing, and the lab must notice that too.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host, HostProcess, ProcessExit } from '../network/drivers/driver.ts';
import { netns } from '../network/drivers/netns.ts';
import { startLab, type Lab } from '../run/lab.ts';
import { certificatesFor } from '../network/certificates.ts';
import { backendArgv } from '../network/programs.ts';
import type { KeyPair } from '../../services/backend/tls.ts';
import { describeWith, driverWith, until } from '../testing/testing.ts';
import { Timeline } from '../run/timeline.ts';
import { createTopology, isBackend, isTarget, type BackendName, type TargetName } from '../vocabulary/topology.ts';
import { linkFaults } from './link-faults.ts';
import { faultNamed, faultNames, type FaultName } from './index.ts';

const { backends: backendNames } = createTopology();

/**
 * While `sabotage.on` is true, a fault has no effect on a server's host: commands do not run but report success, signals and control
 * commands are not delivered, and a killed server is started again at once, as a supervisor does. A relay is still inserted into the
 * link, but it is not told what to do.
 */
const sabotage = { on: false };

function sabotaged(host: Host): Partial<Host> {
  const { name } = host;
  if (!isTarget(name)) return {};
  return {
    run: (argv) => (sabotage.on && !isRelayCommand(argv) ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '' }) : host.run(argv)),
    start: async (argv, options) => {
      const real = await host.start(argv, options);
      return {
        ...real,
        signal: async (signal) => {
          if (sabotage.on && (signal === 'SIGSTOP' || signal === 'SIGCONT')) return;
          await real.signal(signal);
        },
        send: (line) => {
          const { id } = JSON.parse(line) as { id: number };
          real.send(sabotage.on ? JSON.stringify({ id, command: 'ping', args: {} }) : line);
        },
        exited: real.exited.then(async (exit) => {
          if (sabotage.on && isBackend(name) && isServer(argv)) await supervise(host, name);
          return exit;
        }),
      };
    },
  };
}

const isServer = (argv: readonly string[]): boolean => argv.some((word) => word.includes('services/backend/') || word.includes('services/dns/'));
const isRelayCommand = (argv: readonly string[]): boolean => argv.some((word) => word.includes('dev outer') || word.startsWith('ip -o link show') || word.includes('dev inner'));

const supervisors = new Map<BackendName, HostProcess>();

/** That of backend-1, whose process the supervisor starts again. */
let certificate: KeyPair | undefined;

async function supervise(host: Host, backend: BackendName): Promise<void> {
  const again = await host.start(backendArgv(createTopology({ https: true }), backend, '1', { certificate }));
  supervisors.set(backend, again);
  const lines: string[] = [];
  again.onLine((line) => lines.push(line));
  await until(() => (lines.some((line) => line.includes('"ready"')) ? true : undefined), 'the backend that the supervisor started');
}

describeWith(['netns', 'nft'], 'self-verification', () => {
  let lab: Lab;
  beforeAll(async () => {
    // The backends speak TLS and HTTP/2, so that every fault can act on them.
    lab = await startLab({ driver: driverWith(netns, sabotaged), timeline: new Timeline(), seed: '1', topology: { https: true } });
    certificate = certificatesFor(lab.topology).of('backend-1', 'good');
  });
  afterAll(async () => {
    sabotage.on = false;
    await lab[Symbol.asyncDispose]();
  });

  const without = async <T>(work: () => Promise<T>): Promise<T> => {
    sabotage.on = true;
    try {
      return await work();
    } finally {
      sabotage.on = false;
    }
  };
  /** The tests share one lab, so each test looks only at the doubts since its own start. */
  let doubtsBefore = 0;
  const doubts = (): readonly string[] => lab.doubts.slice(doubtsBefore);
  const faultEvents = (since: number): string[] => lab.timeline.events.filter(({ event }) => event.startsWith('fault:')).slice(since).map(({ event }) => event);

  /** `noop`, and the faults that end and start the process themselves, have tests of their own below. */
  const effective = faultNames.filter((name) => name !== 'noop' && name !== 'restart' && name !== 'hot-restart' && name !== 'move');
  const victimOf = (fault: FaultName): TargetName => (faultNamed(fault).on.includes('backend') ? 'backend-1' : 'dns');

  describe('a fault without effect', () => {
    test.each(effective)('%s is a doubt', async (fault) => {
      doubtsBefore = lab.doubts.length;
      const before = faultEvents(0).length;
      const victim = victimOf(fault);
      const applied = await without(() => lab.apply(fault, victim));
      expect(doubts()).toEqual([expect.stringMatching(new RegExp(`^${fault} ${victim} showed no effect: `))]);
      expect(faultEvents(before)).toEqual(['fault:apply', 'fault:unverified']);
      // The fault did nothing, so there is nothing to undo, except for the process that the supervisor started.
      const supervisor = supervisors.get('backend-1');
      supervisors.delete('backend-1');
      if (supervisor) {
        await supervisor.signal('SIGKILL');
        await supervisor.exited;
        await applied.heal();
      } else {
        await without(() => applied.heal());
      }
      expect(doubts()).toHaveLength(1);
      expect(faultEvents(before).slice(2)).toEqual(['fault:heal', 'fault:healed']);
    });

    test('noop is a doubt when the backend does not answer', async () => {
      doubtsBefore = lab.doubts.length;
      const killed = await lab.apply('kill', 'backend-1');
      expect(doubts()).toEqual([]);
      const nothing = await lab.apply('noop', 'backend-1');
      expect(doubts()).toEqual(['noop backend-1 showed no effect: IPv4 ECONNREFUSED, IPv6 ECONNREFUSED']);
      await nothing.heal();
      await killed.heal();
      expect(doubts()).toHaveLength(1);
    });
  });

  /**
   * The faults that stay until they are healed. The application faults (http-faults.test.ts), the DNS faults (dns-faults.test.ts) and the
   * link faults (below) have tests of their own.
   */
  const lasting = {
    blackhole: {}, pause: {}, refuse: {}, drain: {}, unreachable: { family: 4 }, prohibited: { family: 4 },
    'first-syns-lost': { family: 4 }, 'accept-queue-full': {}, 'half-open': {}, 'data-lost': {}, 'slow-close': {}, 'limit-data': {},
  } satisfies Partial<Record<FaultName, object>>;

  test('a fault that does not heal is a doubt', { timeout: 60_000 }, async () => {
    const all = Object.entries(lasting);
    // Three faults at a time, one on each backend, because the lab waits some seconds for each baseline.
    for (let at = 0; at < all.length; at += backendNames.length) {
      doubtsBefore = lab.doubts.length;
      const some = all.slice(at, at + backendNames.length).map(([fault, options], index) => ({ fault, options, backend: backendNames[index] ?? '' }));
      const applied = await Promise.all(some.map(({ fault, options, backend }) => lab.apply(fault, backend, options)));
      expect(doubts()).toEqual([]);
      await without(() => Promise.all(applied.map((each) => each.heal())));
      expect(doubts()).toHaveLength(some.length);
      for (const { fault, backend } of some) expect(doubts()).toContainEqual(expect.stringMatching(`^${fault} ${backend} did not heal: `));
      await lab[Symbol.asyncDispose]();
      lab = await startLab({ driver: driverWith(netns, sabotaged), timeline: new Timeline(), seed: '1' });
    }
  });
});

/** While `lie.on` is true, the backend's process seems to end and to start again, but it never does. */
const lie = { on: false };

function lying(host: Host): Partial<Host> {
  if (!isBackend(host.name)) return {};
  let real: HostProcess | undefined;
  return {
    start: async (argv) => {
      if (lie.on && real) {
        const old = real;
        return { ...old, onLine: (listener) => { old.onLine(listener); listener('{"ready":true}'); } };
      }
      const started = await host.start(argv);
      real = started;
      const ended = Promise.withResolvers<ProcessExit>();
      void started.exited.then(ended.resolve);
      return {
        ...started,
        exited: ended.promise,
        signal: async (signal) => {
          if (lie.on) ended.resolve({ code: 0, signal: null, stderr: '' });
          else await started.signal(signal);
        },
      };
    },
  };
}

describeWith('netns', 'a process that never ended', () => {
  test.each(['restart', 'move'] as const)('%s is a doubt', async (fault) => {
    await using lab = await startLab({ driver: driverWith(netns, lying), timeline: new Timeline(), seed: '1' });
    lie.on = true;
    try {
      await lab.apply(fault, 'backend-1');
    } finally {
      lie.on = false;
    }
    expect(lab.doubts).toEqual([expect.stringMatching(new RegExp(`^${fault} backend-1 showed no effect: `))]);
  });
});

/** While `stuck.on` is true, nothing on a link is undone: no command runs, and the relay gets no command and no signal, although each of these seems to succeed. */
const stuck = { on: false };

function sticking(host: Host): Partial<Host> {
  return {
    run: (argv) => (stuck.on && isBackend(host.name) ? Promise.resolve({ exitCode: 0, stdout: '', stderr: '' }) : host.run(argv)),
    start: async (argv, options) => {
      const real = await host.start(argv, options);
      if (!argv.some((word) => word.includes('services/link/'))) return real;
      const ended = Promise.withResolvers<ProcessExit>();
      void real.exited.then(ended.resolve);
      return {
        ...real,
        exited: ended.promise,
        send: (line) => { real.send(stuck.on ? JSON.stringify({ id: (JSON.parse(line) as { id: number }).id, command: 'ping', args: {} }) : line); },
        signal: async (signal) => {
          if (stuck.on) ended.resolve({ code: null, signal, stderr: '' });
          else await real.signal(signal);
        },
      };
    },
  };
}

describeWith('netns', 'a link fault that does not heal', () => {
  const all = Object.keys(linkFaults) as (keyof typeof linkFaults)[];
  const rounds = Array.from({ length: Math.ceil(all.length / backendNames.length) }, (_, round) => ({ faults: all.slice(round * backendNames.length, (round + 1) * backendNames.length) }));

  // One backend for each fault: a stuck fault stays until the lab is gone.
  test.each(rounds)('$faults: each is a doubt', async ({ faults }) => {
    await using lab = await startLab({ driver: driverWith(netns, sticking), timeline: new Timeline(), seed: '1' });
    const applied = await Promise.all(faults.map((fault, index) => lab.apply(fault, backendNames[index] ?? '')));
    expect(lab.doubts).toEqual([]);
    stuck.on = true;
    try {
      await Promise.all(applied.map((each) => each.heal()));
    } finally {
      stuck.on = false;
    }
    const expected = faults.map((fault, index) => expect.stringMatching(`^${fault} ${backendNames[index] ?? ''} did not heal: `) as string);
    expect(lab.doubts).toHaveLength(faults.length);
    expect(lab.doubts).toEqual(expect.arrayContaining(expected));
  }, 60_000);
});

describeWith('netns', 'an effect that remains after healing', () => {
  test('is a doubt, although the backend answers', async () => {
    await using lab = await startLab({ driver: driverWith(netns, sabotaged), timeline: new Timeline(), seed: '1' });
    const applied = await lab.apply('slow-response', 'backend-3');
    expect(lab.doubts).toEqual([]);
    sabotage.on = true;
    await applied.heal();
    sabotage.on = false;
    expect(lab.doubts).toEqual([expect.stringMatching(/^slow-response backend-3 did not heal: IPv4 200, IPv6 200, but the effect of slow-response backend-3 is still there$/)]);
    expect(lab.timeline.events.map(({ event }) => event).filter((event) => event.startsWith('fault:'))).toEqual(['fault:apply', 'fault:verified', 'fault:heal', 'fault:unhealed']);
  });

  test('is a doubt as long as another fault hides whether it is gone', async () => {
    await using lab = await startLab({ driver: netns, timeline: new Timeline(), seed: '1' });
    const hidden = await lab.apply('blackhole', 'backend-3', { family: 6 });
    const other = await lab.apply('refuse', 'backend-3', { family: 4 });
    await hidden.heal();
    expect(lab.doubts).toEqual(['the healing of blackhole backend-3 was never seen: refuse stayed in force']);
    await other.heal();
    expect(lab.doubts).toEqual([]);
  });
});

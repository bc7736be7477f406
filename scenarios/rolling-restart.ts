import { check, type Check } from '../lab/analysis/checks.ts';
import { fitsShares, sharesText } from '../lab/analysis/skew.ts';
import { defineScenario, type Redialers, type Result, type Stage } from '../lab/run/scenario.ts';
import type { BackendName } from '../lab/vocabulary/topology.ts';
import { answererOf, closedTo } from './common.ts';

/** With 300 connections, one standard deviation of a share is at most 2.9 %. That is enough to tell the two ways apart. */
const perBackend = 100;
/** Long enough to see whether a client moves again by itself. */
const laterMs = 500;
/** The old process keeps its connections until the scenario ends it. */
const notByItselfMs = 60_000;

interface Way {
  title: string;
  /** The shares that backend-1, -2 and -3 are expected to have in the end. */
  shares: readonly [number, number, number];
  sharesText: string;
  /** Restarts a backend. Resolves when all of its connections have been dialled again and it serves as before. */
  restart(stage: Stage, backend: BackendName, redialled: () => Promise<void>): Promise<void>;
}

export const ways = {
  accepting: {
    title: 'while the restarting backend accepts',
    shares: [37 / 81, 28 / 81, 16 / 81],
    sharesText: '37/81, 28/81, 16/81',
    restart: async ({ apply }, backend, redialled) => {
      const restart = await apply('hot-restart', backend, { drainMs: notByItselfMs, shutdownMs: notByItselfMs });
      // The new process accepts already. The heal ends the old process, and its connections end with it.
      await restart.heal();
      await redialled();
    },
  },
  down: {
    title: 'while the restarting backend is down',
    shares: [5 / 8, 3 / 8, 0],
    sharesText: '5/8, 3/8, 0',
    restart: async ({ apply }, backend, redialled) => {
      const stopped = await apply('stop', backend);
      await redialled();
      await stopped.heal();
    },
  },
} satisfies Record<string, Way>;

type WayName = keyof typeof ways;
const wayNames = Object.keys(ways) as WayName[];

/** The paths that the load asks for. They tell its requests from others in the logs of the backends. */
const pathOf = (way: WayName, when: 'before' | 'after' | 'later'): string => `/?${way}-${when}`;

export interface Rolled {
  answers: Awaited<ReturnType<Stage['client']['get']>>[];
  /** How often the load had dialled again in each way: when the last restart was over, and at the end. */
  redialled: Record<WayName, { after: number; later: number }>;
}

export const rollingRestart = defineScenario<Rolled>({
  title: 'the backends are restarted one after the other: how many connections does each have in the end?',
  teaches:
    'A rolling restart moves every kept-alive connection and leaves an uneven load: the backend that is restarted first gets the most. ' +
    'Keep-alive then freezes this state.',
  predict:
    '300 kept-alive connections, 100 on each backend. backend-1, -2 and -3 restart in this order, and a client that loses its connection dials ' +
    'one of the three at random. How many connections does each have in the end? And when a restarting backend is down during its restart?',
  explains:
    'Count in 81sts, so each backend starts with 27. First case: the restarting backend accepts redials (a hot restart), so its ' +
    'connections fall evenly on all three. Restart backend-1: its 27 become 9 + 9 + 9, which gives 9, 36, 36. Restart backend-2: 36 = 12 + ' +
    '12 + 12, which gives 21, 12, 48. Restart backend-3: 48 = 16 + 16 + 16, which gives 37, 28, 16. Second case: the backend is down ' +
    'during its restart. A redial there is refused and drawn again among the other two, so each of these gets half. In 8ths of all ' +
    'connections: after backend-1 0, 4, 4; after backend-2 2, 0, 6; after backend-3 5, 3, 0. The backend that is restarted last gets ' +
    'nothing back from a later restart. Nothing corrects this: no connection ends any more, so no client dials. A limit to the age or the ' +
    'number of requests of a connection corrects it, at the client or at the server. The clients here are the lab’s own, on the observer’s ' +
    'host, and dial again at once. The backends count their requests.',
  sources: [
    'RFC 9112 section 9.3 (persistence: a connection is kept until somebody ends it)',
    'Envoy documentation, HTTP protocol options (max_connection_duration)',
    'nginx documentation, ngx_http_core_module (keepalive_requests, keepalive_time)',
  ],
  reproduces: ['S18', 'S14', 'S5'],
  // The shares are those of three backends.
  topology: { backends: 3 },
  limitMs: 60_000,
  run: async (stage) => {
    const { client, note, until, wait, topology } = stage;
    const answers = [await client.get()];
    const redialled = {} as Rolled['redialled'];
    for (const way of wayNames) {
      note(`restarts ${ways[way].title}`);
      const load = await stage.startRedialers();
      await load.open(topology.backends.map((name) => topology.hosts[name].ipv4), perBackend);
      await load.ask(pathOf(way, 'before'));
      for (const backend of topology.backends) {
        await ways[way].restart(stage, backend, await redialsOf(load, topology.hosts[backend].ipv4));
        const last = answers.at(-1);
        if (last && answererOf(topology, last) === backend) await until(closedTo(topology, backend));
        answers.push(await client.get());
      }
      await load.ask(pathOf(way, 'after'));
      const { redialled: after } = await load.state();
      await wait(laterMs);
      await load.ask(pathOf(way, 'later'));
      redialled[way] = { after, later: (await load.state()).redialled };
      await load.close();
    }
    return { answers, redialled };
  },
  checks: (result) => [
    check('the client was answered before the restarts, and after each one', result.data.answers.every(({ ok }) => ok), answerersOf(result).join(' ')),
    ...wayNames.flatMap((way) => wayChecks(result, way)),
  ],
  contract: (result) => {
    const { backends } = result.topology;
    const restarts = [...backends, ...backends];
    const before = answerersOf(result);
    const dialled = result.events.flatMap((event) => (event.event === 'client:connection' ? [!event.reused] : []));
    const expected = [true, ...restarts.map((backend, index) => before[index] === backend)];
    const words = (flags: readonly boolean[]): string => flags.map((flag) => (flag ? 'dialled' : 'reused')).join(' ');
    return [check('our client dialled again after each restart of its own backend, and only then', words(dialled) === words(expected), `${before.join(' ')}: ${words(dialled)}`)];
  },
});

/**
 * Call this before the restart of the backend at `address`. The function that it returns waits until all connections that the backend has now
 * have been dialled again.
 */
async function redialsOf(load: Redialers, address: string): Promise<() => Promise<void>> {
  const { perAddress, redialled } = await load.state();
  return () => load.redialled(redialled + (perAddress[address] ?? 0));
}

function wayChecks({ events, topology: { backends }, data: { redialled } }: Result<Rolled>, way: WayName): Check[] {
  const { title, shares, sharesText: expected } = ways[way];
  // Each connection makes one request, so the logs of the backends count the connections.
  const [before, after, later] = (['before', 'after', 'later'] as const).map((when) =>
    backends.map((name) => events.filter((event) => event.event === 'backend:request' && event.host === name && event.path === pathOf(way, when)).length),
  ) as [number[], number[], number[]];
  const total = after.reduce((sum, count) => sum + count, 0);
  const dials = redialsIn(events, way);
  const refused = dials.filter((event) => event.refused > 0).length;
  return [
    check(`${title}: each backend has ${perBackend} connections at first`, before.every((count) => count === perBackend), sharesText(before)),
    check(`${title}: ${way === 'down' ? 'a third of the redials was refused first' : 'no redial was refused'}`, fitsShares([refused, dials.length - refused], way === 'down' ? [1 / 3, 2 / 3] : [0, 1]), `${refused} of ${dials.length}`),
    check(`${title}: the backends have ${expected} of the connections in the end, within 4 standard deviations`, total === perBackend * backends.length && fitsShares(after, shares), sharesText(after)),
    check(`${title}: the shares stay as they are after that`, later.join() === after.join() && redialled[way].later === redialled[way].after && dials.length === redialled[way].after, `${sharesText(later)}, ${redialled[way].later - redialled[way].after} dialled again`),
  ];
}

/** The redials between the note of this way and the note of the next way. */
function redialsIn(events: readonly Result<Rolled>['events'][number][], way: WayName) {
  const noteMs = (each: WayName | undefined): number => events.find((event) => each !== undefined && event.event === 'lab:note' && event.text === `restarts ${ways[each].title}`)?.tMs ?? Infinity;
  const [fromMs, toMs] = [noteMs(way), noteMs(wayNames[wayNames.indexOf(way) + 1])];
  return events.filter((event) => event.event === 'load:redialled').filter(({ tMs }) => tMs > fromMs && tMs < toMs);
}

function answerersOf({ topology, data: { answers } }: Result<Rolled>): string[] {
  return answers.map((answer) => answererOf(topology, answer));
}

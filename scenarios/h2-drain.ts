import { check, type Check } from '../lab/analysis/checks.ts';
import { defineScenario, type Result, type Stage } from '../lab/run/scenario.ts';
import type { TimelineEvent } from '../lab/vocabulary/events.ts';
import type { BackendName } from '../lab/vocabulary/topology.ts';

/** Fewer than in hot-reload: a handshake costs more than a connect. */
const load = { busy: 30, idle: 10, requestsPerS: 10 };
/** Busy connections reach their steady rate in this time. */
const settledMs = 500;
/** Envoy's rule, with its defaults of 600 s and 900 s divided by 300. */
const drainMs = 2_000;
const shutdownMs = 3_000;
const afterMs = 500;

type Kind = 'our backend' | 'nginx' | 'haproxy';
const parts: readonly { kind: Kind; backend: BackendName; waitMs: number }[] = [
  { kind: 'our backend', backend: 'backend-1', waitMs: shutdownMs + afterMs },
  { kind: 'nginx', backend: 'backend-2', waitMs: 2_000 },
  { kind: 'haproxy', backend: 'backend-3', waitMs: 2_000 },
];

export const h2Drain = defineScenario({
  title: 'a reload under HTTP/2: our rule of Envoy, nginx and HAProxy. Who is told, when, and is a request lost?',
  teaches: 'With GOAWAY a server can tell a connection of HTTP/2 to leave, also an idle one. Not every server does, and one GOAWAY in the place of two can lose requests.',
  predict: `${load.busy} busy and ${load.idle} idle connections of HTTP/2 to each server. A new process takes over. Which connections get GOAWAY, and when do they end? Are the idle ones told? How many requests get no answer?`,
  explains:
    'Over HTTP/1.1 a server tells a connection to close with a response, so an idle connection is told nothing (hot-reload). GOAWAY needs no response. nginx and ' +
    'HAProxy tell every connection at once, idle ones, too, and close each when its requests are answered. Envoy’s rule, ' +
    'which our backend follows, draws with each response whether its connection is told, with a probability that grows over the drain; it tells nothing to an idle connection, ' +
    'over HTTP/2 as over HTTP/1.1. A request that leaves while the GOAWAY is on its way is lost unless the GOAWAY comes in two phases, or the client sends it again. ' +
    'The run counts the requests without an answer.',
  sources: ['RFC 9113 section 6.8 (GOAWAY, and why it comes twice)', 'https://nginx.org/en/docs/control.html', 'HAProxy management guide, section 4 (stopping and restarting)', 'Envoy source/server/drain_manager_impl.cc, drainClose', 'envoyproxy/envoy#39876'],
  reproduces: ['S18'],
  http2: true,
  needs: ['nginx', 'haproxy'],
  limitMs: 60_000,
  run: async (stage) => {
    const { client, dns, apply, serve } = stage;
    await dns.chain(['sort', 'selectFirst 1']);
    const reloads: Record<Kind, () => Promise<void>> = {
      'our backend': async () => { await apply('hot-restart', 'backend-1', { drainMs, shutdownMs }); },
      nginx: (await serve('nginx', 'backend-2')).reload,
      haproxy: (await serve('haproxy', 'backend-3')).reload,
    };
    const first = await client.get();
    const leftOver: Record<string, number> = {};
    for (const { kind, backend, waitMs } of parts) leftOver[kind] = await reloadUnderLoad(stage, kind, backend, reloads[kind], waitMs);
    return { first, last: await client.get(), leftOver };
  },
  checks: (result) => [
    check('the client’s first and last request were answered', result.data.first.ok && result.data.last.ok, [result.data.first, result.data.last].map(({ ok }) => (ok ? 'answered' : 'lost')).join(', ')),
    ...parts.flatMap(({ kind }): Check[] => {
      const { told, closed, lost, sinceReloadText } = fateOf(result, kind);
      const busyTold = told.filter((event) => event.kind === 'busy').length;
      return [
        check(`${kind}: every connection of before ended`, closed.length === load.busy + load.idle && result.data.leftOver[kind] === 0, `${closed.length} ended, ${result.data.leftOver[kind] ?? '?'} left`),
        check(`${kind}: busy connections were told by GOAWAY`, busyTold > 0, `${busyTold} of ${load.busy} busy, ${told.length - busyTold} of ${load.idle} idle; ${sinceReloadText}; ${lost} requests got no answer`),
      ];
    }),
  ],
});

const noteOf = (kind: Kind): string => `reload: ${kind}`;

/** Opens the connections, reloads, and waits until the old process must be gone. Returns how many connections are left. */
async function reloadUnderLoad({ startLoad, topology, wait, note }: Stage, kind: Kind, backend: BackendName, reload: () => Promise<void>, waitMs: number): Promise<number> {
  const connections = await startLoad({ http2: true });
  await connections.open(topology.hosts[backend].ipv4, load);
  await wait(settledMs);
  note(noteOf(kind));
  await reload();
  await wait(waitMs);
  const { busy, idle } = await connections.alive();
  return busy + idle;
}

function fateOf({ events }: Result<unknown>, kind: Kind) {
  const begin = events.findIndex((event) => event.event === 'lab:note' && event.text === noteOf(kind));
  const reloadMs = events[begin]?.tMs ?? NaN;
  const rest = events.slice(begin + 1);
  const next = rest.findIndex((event) => event.event === 'lab:note');
  const part = next < 0 ? rest : rest.slice(0, next);
  const of = <Name extends TimelineEvent['event']>(name: Name) => part.filter((event): event is Extract<TimelineEvent, { event: Name }> => event.event === name);
  const [told, closed] = [of('load:told'), of('load:closed')];
  const lastMs = Math.max(0, ...told.map(({ tMs }) => tMs - reloadMs));
  return { told, closed, lost: of('load:lost').length, sinceReloadText: `the last one after ${lastMs.toFixed(0)} ms` };
}

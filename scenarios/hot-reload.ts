import { check, checkDelay } from '../lab/analysis/checks.ts';
import { median } from '../lab/analysis/median.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answerersOf, fatesOf, load, reloadUnderLoad, spanText, type Reloaded } from './hot-reload-common.ts';

/** Envoy's defaults, 600 s and 900 s, divided by 150. */
const drainMs = 4_000;
const shutdownMs = 6_000;
/** Time for the old process to end, and for the lab to see every connection end. */
const afterMs = 500;

export const hotReload = defineScenario<Reloaded>({
  title: 'a hot restart as Envoy does it: a new process accepts, the old one keeps its connections. When do clients leave it?',
  teaches:
    'A reload that drops no connection also moves no client. A kept-alive client stays with the old process ' +
    'until it is told to leave, and an idle client is never told.',
  predict:
    'The new process has the listening socket. 150 connections make 10 requests a second each, 20 are idle, and the drain takes 4 s. When has ' +
    'half of the busy connections been told to leave? And the idle ones?',
  explains:
    'Connections are not handed over. The old process adds `Connection: close` to each response with the probability elapsed/drain. So a ' +
    'connection with r requests a second is told after √(2·T·ln 2/r) in the median, where T is the drain time: the busier it is, the sooner. At ' +
    'the end of the drain, every connection that still makes requests is told. An idle HTTP/1 connection cannot be told anything. It ends with ' +
    'the old process, after 1.5 times the drain time, and until then its client believes that it has a good connection. With Envoy’s defaults ' +
    'that is 15 minutes on a process that was replaced. This was the cause behind the client that would not leave its server.',
  sources: [
    'Envoy documentation, hot restart; --drain-time-s, --parent-shutdown-time-s',
    'Envoy source/server/drain_manager_impl.cc, drainClose (probability = elapsed / drain time)',
    'RFC 9112 section 9.6 (Connection: close)',
    'socket(7) (SO_REUSEPORT)',
  ],
  reproduces: ['S18', 'S7'],
  limitMs: 60_000,
  run: (stage) => reloadUnderLoad(stage, async () => { await stage.apply('hot-restart', 'backend-1', { drainMs, shutdownMs }); }, shutdownMs + afterMs),
  checks: (result) => {
    const { events, data: { leftOver } } = result;
    const { told, toldAfterMs, closedAfterMs, oldProcesses, newProcesses, requestsPerS, resets } = fatesOf(events);
    const handOverMs = events.find(({ event }) => event === 'backend:hand-over')?.tMs ?? NaN;
    const medianMs = median(told.map(({ tMs }) => tMs - handOverMs));
    const expectedMs = 1000 * Math.sqrt((2 * (drainMs / 1000) * Math.LN2) / requestsPerS);
    const idleEnds = closedAfterMs('idle');
    return [
      check('connections opened after the reload reached one new process', newProcesses.size === 1 && [...newProcesses].every((process) => !oldProcesses.has(process)), `${[...oldProcesses].join()} before, ${[...newProcesses].join()} after`),
      check('the client was answered before the reload, right after it, and at the end', result.data.answers.every(({ ok }) => ok), answerersOf(result)),
      check('every busy connection was told to leave by the end of the drain', told.length === load.busy && told.every(({ kind, tMs }) => kind === 'busy' && tMs - handOverMs < drainMs + 1000 / load.requestsPerS + 200), `told ${spanText(toldAfterMs)}`),
      checkDelay(`busy connections were told after √(2·T·ln 2/r) in the median, at the measured ${requestsPerS.toFixed(1)} requests/s, within 4 standard errors`, medianMs, Math.round(expectedMs), errorsOf(expectedMs, requestsPerS, told.length)),
      check('no idle connection was told anything, and each ended with the old process', idleEnds.length === load.idle && idleEnds.every((ms) => ms >= shutdownMs - 5), `ended ${spanText(idleEnds)}`),
      check('no connection of the first batch was reset, and none is left', resets === 0 && leftOver.busy === 0 && leftOver.idle === 0, `${resets} reset, ${leftOver.busy + leftOver.idle} left`),
    ];
  },
  contract: ({ events }) => {
    const reused = events.filter((event) => event.event === 'client:connection').map((event) => (event.reused ? 'reused' : 'dialled'));
    return [check('our idle client stayed with the old process after the reload, and connected again when that process was gone', reused.join(' ') === 'dialled reused dialled', reused.join(' '))];
  },
});

/**
 * The tolerance of the median: 4 standard errors, in ms. The standard error of a median of n is 1/(2·f·√n), with the density f = r·t/T/2 at the median.
 * A connection is told with a response, so the news may come one interval later.
 */
function errorsOf(medianMs: number, requestsPerS: number, connections: number): { earlyMs: number; lateMs: number } {
  const density = (requestsPerS * (medianMs / 1000)) / (drainMs / 1000) / 2;
  const errorMs = Math.round((4 * 1000) / (2 * density * Math.sqrt(connections)));
  return { earlyMs: errorMs, lateMs: errorMs + 1000 / load.requestsPerS };
}

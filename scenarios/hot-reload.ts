import { check, checkDelay } from '../lab/analysis/checks.ts';
import { median } from '../lab/analysis/median.ts';
import { defineScenario } from '../lab/run/scenario.ts';
import { answerersOf, fatesOf, load, reloadUnderLoad, spanText, type Reloaded } from './hot-reload-common.ts';

/** Envoy's proportions, 600 and 900 s, at 1:150. */
const drainMs = 4_000;
const shutdownMs = 6_000;
/** The old process ends, and every end is seen. */
const afterMs = 500;

export const hotReload = defineScenario<Reloaded>({
  title: 'a hot restart as Envoy does it: a new process accepts, the old one keeps what it has. Who leaves, and when?',
  teaches: 'A reload that drops nothing also moves nobody: a kept-alive client stays with the old process until it is told, and an idle one is never told.',
  predict: 'The new process has the listening socket. 150 connections make 10 requests a second, 20 are idle, the drain takes 4 s. When has half of the busy ones been told to leave? And the idle ones?',
  explains:
    'Connections are not handed over. With each response the old process says `Connection: close` with the probability elapsed/drain, so a ' +
    'connection with r requests a second is told after √(2·T·ln 2/r) in the median: the busier, the sooner. At the end of the drain whoever ' +
    'still asks is told. An idle HTTP/1 connection cannot be told anything: it ends with the old process, after 1.5 times the drain time, ' +
    'and until then its client believes that it has a good connection. With Envoy’s defaults that is 15 minutes on a process that ' +
    'was replaced: the culprit behind the client that would not leave its server.',
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
      check('connections opened after the reload met another process', newProcesses.size === 1 && [...newProcesses].every((process) => !oldProcesses.has(process)), `${[...oldProcesses].join()} before, ${[...newProcesses].join()} after`),
      check('the client was answered before, at once after it, and in the end', result.data.answers.every(({ ok }) => ok), answerersOf(result)),
      check('every busy connection was told to leave, by the end of the drain', told.length === load.busy && told.every(({ kind, tMs }) => kind === 'busy' && tMs - handOverMs < drainMs + 1000 / load.requestsPerS + 200), `told ${spanText(toldAfterMs)}`),
      checkDelay(`in the median after √(2·T·ln 2/r) at the measured ${requestsPerS.toFixed(1)} requests/s, within 4 standard errors`, medianMs, Math.round(expectedMs), errorsOf(expectedMs, requestsPerS, told.length)),
      check('no idle connection was told anything; each ended with the old process', idleEnds.length === load.idle && idleEnds.every((ms) => ms >= shutdownMs - 5), `ended ${spanText(idleEnds)}`),
      check('no connection was reset, and none is left', resets === 0 && leftOver.busy === 0 && leftOver.idle === 0, `${resets} reset, ${leftOver.busy + leftOver.idle} left`),
    ];
  },
  contract: ({ events }) => {
    const reused = events.filter((event) => event.event === 'client:connection').map((event) => (event.reused ? 'reused' : 'dialled'));
    return [check('our idle client stayed with the old process after the reload, and dialled when that was gone', reused.join(' ') === 'dialled reused dialled', reused.join(' '))];
  },
});

/** Of a median of n: 1/(2·f·√n), where the density at the median is r·t/T/2. Told is told with a response, so one interval more. */
function errorsOf(medianMs: number, requestsPerS: number, connections: number): { earlyMs: number; lateMs: number } {
  const density = (requestsPerS * (medianMs / 1000)) / (drainMs / 1000) / 2;
  const errorMs = Math.round((4 * 1000) / (2 * density * Math.sqrt(connections)));
  return { earlyMs: errorMs, lateMs: errorMs + 1000 / load.requestsPerS };
}

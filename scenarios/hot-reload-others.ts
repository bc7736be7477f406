/** The reload of two real servers, seen from the same connections. */
import { check } from '../lab/analysis/checks.ts';
import { defineScenario, type Scenario } from '../lab/run/scenario.ts';
import type { ExternalServerName } from '../lab/run/external-servers/index.ts';
import { answerersOf, fatesOf, load, reloadUnderLoad, spanText, type Reloaded } from './hot-reload-common.ts';

/** `At once`, for a process that has to be started first and 170 connections that have to hear of it. */
const atOnceMs = 2_000;

function reloadOf(server: ExternalServerName, { how, manual }: { how: string; manual: string }): Scenario<Reloaded> {
  return defineScenario<Reloaded>({
    title: `the same with ${how}: what do idle connections hear?`,
    teaches: 'Not every server waits as Envoy does: this one closes idle connections at once, and clients have to cope with a connection that ends under them.',
    predict: 'Envoy’s idle connections heard nothing for one and a half drain times. And these? Is a request lost on the way?',
    explains:
      'The old process stops listening and closes each connection that is idle in that moment: the client hears a FIN and dials the new ' +
      'process with its next request. Connections with a request under way are told with its response. It is quick, and has the price that ' +
      'Envoy’s way avoids: a request that leaves in the moment of the FIN meets a closed socket, and gets RST instead of an answer. ' +
      'The run counts them. Whether the client repeats such a request is the subject of stale-connection.',
    sources: [manual, 'RFC 9112 section 9.6 (closing, and the reset problem)'],
    reproduces: ['S18'],
    needs: server,
    limitMs: 60_000,
    run: async (stage) => {
      const running = await stage.serve(server, 'backend-1');
      stage.note(`${server} ${running.version}`);
      return await reloadUnderLoad(stage, running.reload, atOnceMs);
    },
    checks: (result) => {
      const { closedAfterMs, oldProcesses, newProcesses, resets, toldAfterMs } = fatesOf(result.events);
      const [busy, idle] = [closedAfterMs('busy'), closedAfterMs('idle')];
      return [
        check('connections opened after the reload met another process', newProcesses.size === 1 && [...newProcesses].every((process) => !oldProcesses.has(process)), `${[...oldProcesses].join()} before, ${[...newProcesses].join()} after`),
        check('the client’s first and last request were answered', result.data.answers[0]?.ok === true && result.data.answers[2]?.ok === true, answerersOf(result)),
        check('every idle connection was closed at once', idle.length === load.idle && idle.every((ms) => ms < atOnceMs), `ended ${spanText(idle)}`),
        check('so was every busy one', busy.length === load.busy && busy.every((ms) => ms < atOnceMs), `ended ${spanText(busy)}; ${toldAfterMs.length} were told first, ${resets} were reset`),
      ];
    },
  });
}

export const hotReloadNginx = reloadOf('nginx', { how: 'nginx and `nginx -s reload`', manual: 'https://nginx.org/en/docs/control.html (changing configuration)' });
export const hotReloadHaproxy = reloadOf('haproxy', { how: 'HAProxy and a new process with `-sf`', manual: 'HAProxy management guide, section 4 (stopping and restarting)' });

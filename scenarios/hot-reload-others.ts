/** The reload of two real servers, nginx and HAProxy, with the same connections as in hot-reload. */
import { check } from '../lab/analysis/checks.ts';
import { defineScenario, type Scenario } from '../lab/run/scenario.ts';
import type { ExternalServerName } from '../lab/run/external-servers/index.ts';
import { answerersOf, fatesOf, load, reloadUnderLoad, spanText, type Reloaded } from './hot-reload-common.ts';

/** What counts as "at once": a new process has to start first, and 170 connections have to end. */
const atOnceMs = 2_000;

function reloadOf(server: ExternalServerName, { how, manual }: { how: string; manual: string }): Scenario<Reloaded> {
  return defineScenario<Reloaded>({
    title: `a reload with ${how}: what happens to idle connections?`,
    teaches:
      'Not every server waits as Envoy does. This one closes idle connections at once, so a ' +
      'client has to cope with a connection that ends without warning.',
    predict: 'Envoy’s idle connections were told nothing for one and a half drain times. What about these? Is a request lost on the way?',
    explains:
      'The old process stops listening and closes each connection that is idle at that moment. The client gets a FIN, and opens a connection to ' +
      'the new process for its next request. A connection with a request under way is told to close with its response. This is quick, and it has ' +
      'a price that Envoy’s way avoids: a request that leaves at the moment of the FIN meets a closed socket, and gets RST instead of an answer. ' +
      'The run counts these requests. stale-connection shows whether a client repeats such a request.',
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
        check('connections opened after the reload reached one new process', newProcesses.size === 1 && [...newProcesses].every((process) => !oldProcesses.has(process)), `${[...oldProcesses].join()} before, ${[...newProcesses].join()} after`),
        check('the client’s first and last request were answered', result.data.answers[0]?.ok === true && result.data.answers[2]?.ok === true, answerersOf(result)),
        check(`every idle connection was closed within ${atOnceMs} ms`, idle.length === load.idle && idle.every((ms) => ms < atOnceMs), `ended ${spanText(idle)}`),
        check(`every busy connection was closed within ${atOnceMs} ms`, busy.length === load.busy && busy.every((ms) => ms < atOnceMs), `ended ${spanText(busy)}; ${toldAfterMs.length} got "Connection: close" first, ${resets} were reset`),
      ];
    },
  });
}

export const hotReloadNginx = reloadOf('nginx', { how: '`nginx -s reload`', manual: 'https://nginx.org/en/docs/control.html (changing configuration)' });
export const hotReloadHaproxy = reloadOf('haproxy', { how: 'a new HAProxy process and `-sf`', manual: 'HAProxy management guide, section 4 (stopping and restarting)' });

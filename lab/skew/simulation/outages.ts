/** When backends go down and come up: by rolling restarts, by failures, and at the start. */
import type { Random } from '../../vocabulary/random.ts';
import { tranchesOf, type Parameters } from './parameters.ts';

/**
 * One change of a backend. `restart`: it ends its connections and accepts all the time, as in a hot restart. `down` ends them, too, and
 * refuses new ones until `up`.
 */
export interface Change {
  atS: number;
  backend: number;
  to: 'down' | 'up' | 'restart';
}

/** All changes, in order of time. A backend that is to come up at the same second as another one goes down comes up first. */
export function changesOf(given: Parameters, random: Random): Change[] {
  const changes = [...rollingRestarts(given), ...failures(given, random), ...starts(given)];
  return changes.filter(({ atS }) => atS <= given.hours * 3_600).sort((one, other) => one.atS - other.atS || Number(one.to !== 'up') - Number(other.to !== 'up'));
}

function rollingRestarts(given: Parameters): Change[] {
  const { restarts, firstRestartMin, restartEveryMin, trancheEveryS, downS, backends, hours } = given;
  const tranches = tranchesOf(given);
  const fitting = 1 + Math.floor((hours * 60 - firstRestartMin - (tranches * trancheEveryS) / 60) / restartEveryMin);
  return Array.from({ length: Math.min(restarts, fitting) * backends }, (_, index) => {
    const backend = index % backends;
    const tranche = Math.floor((backend * tranches) / backends);
    return outage(backend, (firstRestartMin + Math.floor(index / backends) * restartEveryMin) * 60 + tranche * trancheEveryS, downS);
  }).flat();
}

function outage(backend: number, atS: number, downS: number): Change[] {
  return downS === 0 ? [{ atS, backend, to: 'restart' }] : [{ atS, backend, to: 'down' }, { atS: atS + downS, backend, to: 'up' }];
}

/** The failures are over before the last tenth of the time, so that their trace can be seen. */
function failures({ failures: count, failureMin, backends, hours }: Parameters, random: Random): Change[] {
  const lastS = Math.max(hours * 3_600 * 0.9 - failureMin * 60, 1);
  return Array.from({ length: count }, () => outage(Math.floor(random() * backends), 1 + Math.floor(random() * lastS), failureMin * 60)).flat();
}

function starts({ startEveryS, backends }: Parameters): Change[] {
  if (startEveryS === 0) return [];
  return Array.from({ length: backends - 1 }, (_, index): Change[] => [{ atS: 0, backend: index + 1, to: 'down' }, { atS: (index + 1) * startEveryS, backend: index + 1, to: 'up' }]).flat();
}

/** The behaviours of the backends that were changed by `behave`, beside those that a fault changes. */
import { changeBehaviour, healthy, type Behaviour } from '../../services/backend/behaviour.ts';
import { h2BehaviourOptions } from '../../services/backend/h2-behaviour.ts';
import { isBroken } from '../../services/backend/reply.ts';
import { tlsBehaviourOptions } from '../../services/backend/tls-behaviour.ts';
import type { LayerNeed } from '../faults/needs.ts';
import type { BackendName } from '../vocabulary/topology.ts';

/** The fields that only a backend with this layer can have. HTTP/2 comes first: a backend that speaks it speaks TLS, too. */
const layers: readonly [LayerNeed, object][] = [['http2', h2BehaviourOptions], ['tls', tlsBehaviourOptions]];

/** The first field of a behaviour that not every backend can have, and the layer that it needs. Null if there is none. */
export function needOf(behaviour: Behaviour): { field: string; layer: LayerNeed } | null {
  for (const [layer, options] of layers) {
    const key = (Object.keys(options) as (keyof Behaviour)[]).find((each) => behaviour[each] !== healthy[each]);
    if (key !== undefined) return { field: `${key}=${behaviour[key]}`, layer };
  }
  return null;
}

export class HandBehaviours {
  readonly #behaviours = new Map<BackendName, Behaviour>();

  /** Returns what the behaviour by hand is after `change`, and remembers it. @throws {LabError} BAD_INPUT for an unknown field or value. */
  change(backend: BackendName, change: Record<string, unknown>): Behaviour {
    const changed = changeBehaviour(this.of(backend), change);
    this.#behaviours.set(backend, changed);
    return changed;
  }

  restore(backend: BackendName): void {
    this.#behaviours.delete(backend);
  }

  of(backend: BackendName): Behaviour {
    return this.#behaviours.get(backend) ?? healthy;
  }

  /** By how many ms it makes an answer late, on a connection of its own. */
  lateMs(backend: BackendName): number {
    const { delayMs, tlsDelayMs } = this.of(backend);
    return delayMs + tlsDelayMs;
  }

  /** The fields that are not as those of a healthy backend: `status=503 delayMs=200`. Null if there is none. */
  text(backend: BackendName): string | null {
    const changes = Object.entries(this.of(backend)).filter(([key, value]) => value !== healthy[key as keyof Behaviour]);
    return changes.length === 0 ? null : changes.map(([key, value]) => `${key}=${typeof value === 'boolean' ? (value ? 'on' : 'off') : value}`).join(' ');
  }

  /** Whether a backend that behaves like this gives the observer no answer by which it could be told from a broken one. */
  hidesBaseline(backend: BackendName): boolean {
    const behaviour = this.of(backend);
    const { tlsAnswer, largestHelloBytes, certificate, alpn, tlsVersions } = behaviour;
    if (tlsAnswer !== 'handshake' || largestHelloBytes > 0 || certificate !== 'good' || alpn === 'none' || tlsVersions === 'old') return true;
    return isBroken(behaviour) || behaviour.failFirst > 0 || (behaviour.status !== 200 && behaviour.statusPercent > 0);
  }
}

/** What can be wrong with a link, and what that comes to for one frame. No sockets here: frames' facts in, departures out. */
import type { Family } from '../../lab/vocabulary/topology.ts';
import { seededRandom, type Random } from '../../lab/vocabulary/random.ts';

/** As the host sees it: `to` it, `from` it. */
export type Direction = 'to' | 'from';

export interface Scope {
  family: 0 | 4 | 6;
  direction: Direction | 'both';
}

/** Every impairment, by the name of its fault. */
export interface Impairments {
  delay: Scope & { delayMs: number; jitterMs: number };
  loss: Scope & { percent: number; burst: number };
  duplicate: Scope & { percent: number };
  reorder: Scope & { percent: number; heldMs: number };
  corrupt: Scope & { percent: number };
  throttle: Scope & { rateKbit: number };
  flap: Scope & { upMs: number; downMs: number };
  'slow-handshake': Scope & { delayMs: number };
}
export type ImpairmentName = keyof Impairments;
export const impairmentNames = ['delay', 'loss', 'duplicate', 'reorder', 'corrupt', 'throttle', 'flap', 'slow-handshake'] as const satisfies readonly ImpairmentName[];

/** What a decision needs to know of a frame. */
export interface FrameFacts {
  /** Null for what is no IP. */
  family: Family | null;
  /** The address at the other end. */
  peer: string;
  housekeeping: boolean;
  synAck: boolean;
  bytes: number;
}

export interface Departure {
  atMs: number;
  corrupt: boolean;
}

/** A router holds so much and drops what comes beyond it, as `latency 2s` of tc-tbf(8). */
const longestQueueMs = 2_000;

/**
 * One direction of the link. Frames of one family keep their order whatever the jitter, so that reordering is a fault of its own.
 * The link's own housekeeping (ARP, neighbour discovery) passes at once, as behind a router: otherwise a first packet would be delayed twice, or its loss cost
 * the second that ARP waits. Only a link that is down stops them too.
 */
export class Lane {
  readonly #direction: Direction;
  readonly #seed: string;
  #impairments: { [Name in ImpairmentName]?: Impairments[Name] | undefined } = {};
  #startMs = new Map<ImpairmentName, number>();
  #randoms = new Map<string, Random>();
  #lastMs = new Map<Family, number>();
  #inBurst = new Map<string, boolean>();
  #lineFreeMs = 0;

  constructor(direction: Direction, seed: string) {
    this.#direction = direction;
    this.#seed = seed;
  }

  /** Puts one impairment in force, or takes it away with null. Its random stream begins anew, so that a run can be repeated. */
  set<Name extends ImpairmentName>(name: Name, value: Impairments[Name] | null, nowMs: number): void {
    if (value === null) this.#impairments[name] = undefined;
    else this.#impairments[name] = value;
    this.#startMs.set(name, nowMs);
    for (const key of [...this.#randoms.keys()]) if (key.startsWith(`${name}:`)) this.#randoms.delete(key);
    this.#lastMs.clear();
    this.#inBurst.clear();
    this.#lineFreeMs = 0;
  }

  /** When the frame leaves, and how often: never when it is lost, twice when it is duplicated. */
  pass({ family, peer, housekeeping, synAck, bytes }: FrameFacts, nowMs: number): Departure[] {
    if (this.#isDown(nowMs)) return [];
    if (family === null || housekeeping) return [{ atMs: nowMs, corrupt: false }];
    if (this.#isLost(family, peer)) return [];
    const corrupt = this.#happens('corrupt', family, peer);
    const leavesMs = this.#leaves(bytes, family, nowMs);
    if (leavesMs === null) return [];
    const atMs = this.#arrives(leavesMs, family, peer, synAck);
    return this.#happens('duplicate', family, peer) ? [{ atMs, corrupt }, { atMs, corrupt }] : [{ atMs, corrupt }];
  }

  #isDown(nowMs: number): boolean {
    const { flap } = this.#impairments;
    if (!flap) return false;
    const { upMs, downMs } = flap;
    // Both directions of a link go down together: the phase is the link's, not the lane's.
    const phaseMs = seededRandom(`${this.#seed}:flap`)() * (upMs + downMs);
    return (nowMs - (this.#startMs.get('flap') ?? 0) + phaseMs) % (upMs + downMs) >= upMs;
  }

  /** Independent losses, or Gilbert's two states (Gilbert 1960): in a burst everything is lost, and the mean is `percent` in all. */
  #isLost(family: Family, peer: string): boolean {
    const loss = this.#inForce('loss', family);
    if (!loss) return false;
    const lossRate = loss.percent / 100;
    const draw = this.#random('loss', peer)();
    if (loss.burst <= 1) return draw < lossRate;
    const inBurst = this.#inBurst.get(peer) === true ? draw >= 1 / loss.burst || lossRate === 1 : draw * loss.burst * (1 - lossRate) < lossRate;
    this.#inBurst.set(peer, inBurst);
    return inBurst;
  }

  /** When the last bit is out at the link's rate; null where the queue is full. */
  #leaves(bytes: number, family: Family, nowMs: number): number | null {
    const throttle = this.#inForce('throttle', family);
    if (!throttle) return nowMs;
    const startMs = Math.max(nowMs, this.#lineFreeMs);
    if (startMs - nowMs > longestQueueMs) return null;
    this.#lineFreeMs = startMs + (bytes * 8) / throttle.rateKbit;
    return this.#lineFreeMs;
  }

  #arrives(leavesMs: number, family: Family, peer: string, synAck: boolean): number {
    const delay = this.#inForce('delay', family);
    const late = delay ? delay.delayMs + (delay.jitterMs > 0 ? (this.#random('delay', peer)() * 2 - 1) * delay.jitterMs : 0) : 0;
    // Whoever is held back is overtaken: it does not keep the others waiting.
    const handshake = synAck ? this.#inForce('slow-handshake', family) : undefined;
    if (handshake) return leavesMs + late + handshake.delayMs;
    if (this.#happens('reorder', family, peer)) return leavesMs + late + (this.#inForce('reorder', family)?.heldMs ?? 0);
    const atMs = Math.max(leavesMs + late, this.#lastMs.get(family) ?? 0);
    this.#lastMs.set(family, atMs);
    return atMs;
  }

  #happens(name: 'corrupt' | 'duplicate' | 'reorder', family: Family, peer: string): boolean {
    const impairment = this.#inForce(name, family);
    return impairment !== undefined && this.#random(name, peer)() * 100 < impairment.percent;
  }

  #inForce<Name extends ImpairmentName>(name: Name, family: Family): Impairments[Name] | undefined {
    const impairment = this.#impairments[name];
    if (!impairment) return undefined;
    const { family: only, direction } = impairment;
    return (only === 0 || only === family) && (direction === 'both' || direction === this.#direction) ? impairment : undefined;
  }

  /** A stream for each impairment, direction and peer: what a client meets does not depend on what the observer has looked at. */
  #random(name: ImpairmentName, peer: string): Random {
    const key = `${name}:${this.#direction}:${peer}`;
    const known = this.#randoms.get(key);
    if (known) return known;
    const random = seededRandom(`${this.#seed}:${key}`);
    this.#randoms.set(key, random);
    return random;
  }
}

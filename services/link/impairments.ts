/** The impairments of a link, and what they do to one frame. This module uses no sockets: it takes the facts of a frame and returns its departures. */
import type { Family } from '../../lab/vocabulary/topology.ts';
import { seededRandom, type Random } from '../../lab/vocabulary/random.ts';

/** The direction of a frame, seen from the host: `to` the host or `from` the host. */
export type Direction = 'to' | 'from';

/** The frames that an impairment affects. Family 0 means both families. */
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

/** The facts of a frame that decide what happens to it. */
export interface FrameFacts {
  /** Null for a frame that is not IP. */
  family: Family | null;
  /** The address of the other host, in hexadecimal digits. */
  peer: string;
  housekeeping: boolean;
  synAck: boolean;
  bytes: number;
}

/** One copy of a frame that leaves the relay. */
export interface Departure {
  atMs: number;
  corrupt: boolean;
}

/** A router with a full queue drops frames. Here the queue is full when a frame would wait longer than this, as with `latency 2s` of tc-tbf(8). */
const longestQueueMs = 2_000;

/**
 * One direction of the link. Frames of one family keep their order with any jitter, because reordering is a separate fault.
 * The link's own housekeeping (ARP, neighbour discovery) passes at once, as behind a router. Otherwise a first packet would be delayed
 * twice, or a lost ARP request would cost the one second that ARP waits. Only a link that is down stops housekeeping too.
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

  /** Puts one impairment in force; null removes it. Its random stream begins again, so that a run can be repeated. */
  set<Name extends ImpairmentName>(name: Name, value: Impairments[Name] | null, nowMs: number): void {
    if (value === null) this.#impairments[name] = undefined;
    else this.#impairments[name] = value;
    this.#startMs.set(name, nowMs);
    for (const key of [...this.#randoms.keys()]) if (key.startsWith(`${name}:`)) this.#randoms.delete(key);
    this.#lastMs.clear();
    this.#inBurst.clear();
    this.#lineFreeMs = 0;
  }

  /** Returns the departures of the frame: none if it is lost, two if it is duplicated. */
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
    // Both directions of a link go down at the same time, so the phase does not depend on the lane.
    const phaseMs = seededRandom(`${this.#seed}:flap`)() * (upMs + downMs);
    return (nowMs - (this.#startMs.get('flap') ?? 0) + phaseMs) % (upMs + downMs) >= upMs;
  }

  /**
   * Losses are independent, or follow Gilbert's model of two states (Gilbert 1960): a burst loses every frame, and the share of lost
   * frames is `percent` overall.
   */
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

  /** Returns when the last bit has left at the link's rate, or null if the queue is full. */
  #leaves(bytes: number, family: Family, nowMs: number): number | null {
    const throttle = this.#inForce('throttle', family);
    if (!throttle) return nowMs;
    const startMs = Math.max(nowMs, this.#lineFreeMs);
    if (startMs - nowMs > longestQueueMs) return null;
    this.#lineFreeMs = startMs + (bytes * 8) / throttle.rateKbit;
    return this.#lineFreeMs;
  }

  /** Returns when the frame arrives, after the delays that are in force. */
  #arrives(leavesMs: number, family: Family, peer: string, synAck: boolean): number {
    const delay = this.#inForce('delay', family);
    const late = delay ? delay.delayMs + (delay.jitterMs > 0 ? (this.#random('delay', peer)() * 2 - 1) * delay.jitterMs : 0) : 0;
    // Later frames overtake a frame that is held back; it does not delay them.
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

  /** Each impairment, direction and peer has its own random stream, so the observer's packets do not change what happens to a client's packets. */
  #random(name: ImpairmentName, peer: string): Random {
    const key = `${name}:${this.#direction}:${peer}`;
    const known = this.#randoms.get(key);
    if (known) return known;
    const random = seededRandom(`${this.#seed}:${key}`);
    this.#randoms.set(key, random);
    return random;
  }
}

/** The impairments of a link, and what they do to each frame. This module uses no sockets: it takes frames with their facts, and gives back those that are due. */
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
export interface Departure<Frame> {
  frame: Frame;
  atMs: number;
  corrupt: boolean;
}

/** By how many ms each impairment holds a frame. */
type HeldMs = Partial<Record<ImpairmentName, number>>;

/** A copy of a frame that has not left yet. */
interface UnderWay<Frame> extends Departure<Frame> {
  /** The number of its arrival. */
  number: number;
  arrivedMs: number;
  family: Family | null;
  heldMs: HeldMs;
}

/** A router with a full queue drops frames. Here the queue is full when a frame would wait longer than this, as with `latency 2s` of tc-tbf(8). */
const longestQueueMs = 2_000;

/**
 * One direction of the link. Frames of one family keep their order with any jitter, because reordering is a separate fault.
 * The link's own housekeeping (ARP, neighbour discovery) passes at once, as behind a router. Otherwise a first packet would be delayed
 * twice, or a lost ARP request would cost the one second that ARP waits. Only a link that is down stops housekeeping too.
 *
 * Each impairment has a state of its own (its random numbers, its burst, its queue). So when one is put in force or healed, the others go on as if
 * nothing had happened, and so do the frames that they hold.
 */
export class Lane<Frame> {
  readonly #direction: Direction;
  readonly #seed: string;
  #impairments: { [Name in ImpairmentName]?: Impairments[Name] | undefined } = {};
  #startMs = new Map<ImpairmentName, number>();
  #randoms = new Map<string, Random>();
  #lastMs = new Map<Family, number>();
  #inBurst = new Map<string, boolean>();
  #lineFreeMs = 0;
  /** Whether no impairment is in force for a family in this direction. */
  #untouched: Record<Family, boolean> = { 4: true, 6: true };
  /** In the order in which they leave. */
  #underWay: UnderWay<Frame>[] = [];
  #lastNumber = 0;

  constructor(direction: Direction, seed: string) {
    this.#direction = direction;
    this.#seed = seed;
  }

  /** Puts one impairment in force; null heals it. Its random stream begins again, so that a run can be repeated. */
  set<Name extends ImpairmentName>(name: Name, value: Impairments[Name] | null, nowMs: number): void {
    this.#impairments[name] = value ?? undefined;
    this.#startMs.set(name, nowMs);
    for (const key of [...this.#randoms.keys()]) if (key.startsWith(`${name}:`)) this.#randoms.delete(key);
    if (name === 'loss') this.#inBurst.clear();
    if (name === 'throttle') this.#lineFreeMs = 0;
    if (value === null) this.#release(name);
    const touches = (family: Family): boolean => impairmentNames.some((each) => this.#inForce(each, family) !== undefined);
    // A link that is down stops everything.
    for (const family of [4, 6] as const) this.#untouched[family] = this.#impairments.flap === undefined && !touches(family);
  }

  /** Whether a frame of this family goes on at once and as it is: no impairment is in force for it, and no frame of its family is under way. */
  isClear(family: Family): boolean {
    return this.#untouched[family] && (this.#underWay.length === 0 || !this.#underWay.some((frame) => frame.family === family));
  }

  /** Takes a frame. It is lost, or under way once, or twice if it is duplicated. */
  pass(frame: Frame, { family, peer, housekeeping, synAck, bytes }: FrameFacts, nowMs: number): void {
    if (this.#isDown(nowMs)) return;
    if (family === null || housekeeping) {
      this.#send({ frame, corrupt: false, family: null, arrivedMs: nowMs, heldMs: {} });
      return;
    }
    if (this.#isLost(family, peer)) return;
    const corrupt = this.#happens('corrupt', family, peer);
    const queueMs = this.#queueMs(bytes, family, nowMs);
    if (queueMs === null) return;
    const departure = { frame, corrupt, family, arrivedMs: nowMs, heldMs: { throttle: queueMs, ...this.#delays(family, peer, synAck) } };
    this.#send(departure);
    if (this.#happens('duplicate', family, peer)) this.#send({ ...departure });
  }

  /** Gives back the frames that are due, in the order in which they leave. */
  due(nowMs: number): Departure<Frame>[] {
    const firstLeft = this.#underWay.findIndex(({ atMs }) => atMs > nowMs);
    return this.#underWay.splice(0, firstLeft < 0 ? this.#underWay.length : firstLeft);
  }

  /** When the next frame is due; Infinity if none is under way. */
  get nextMs(): number {
    return this.#underWay[0]?.atMs ?? Infinity;
  }

  #send(frame: Omit<UnderWay<Frame>, 'atMs' | 'number'>): void {
    const sent = { ...frame, number: ++this.#lastNumber, atMs: this.#arrivesMs(frame) };
    // Behind all frames that are due at the same time or earlier.
    let [low, high] = [0, this.#underWay.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#underWay[middle]?.atMs ?? Infinity) <= sent.atMs) low = middle + 1;
      else high = middle;
    }
    this.#underWay.splice(low, 0, sent);
  }

  /** When a frame arrives: not before the frames of its family that came before it. Later frames overtake a frame that is held back, and do not wait for it. */
  #arrivesMs({ arrivedMs, family, heldMs }: Pick<UnderWay<Frame>, 'arrivedMs' | 'family' | 'heldMs'>): number {
    const ownMs = Object.values(heldMs).reduce((sum, ms) => sum + ms, arrivedMs);
    if (family === null || (heldMs['slow-handshake'] ?? 0) > 0 || (heldMs.reorder ?? 0) > 0) return ownMs;
    const atMs = Math.max(ownMs, this.#lastMs.get(family) ?? 0);
    this.#lastMs.set(family, atMs);
    return atMs;
  }

  /** An impairment that has healed holds no frame back. The others still do. */
  #release(name: ImpairmentName): void {
    this.#lastMs.clear();
    this.#underWay.sort((a, b) => a.number - b.number);
    for (const held of this.#underWay) {
      held.heldMs = { ...held.heldMs, [name]: 0 };
      held.atMs = this.#arrivesMs(held);
    }
    this.#underWay.sort((a, b) => a.atMs - b.atMs || a.number - b.number);
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

  /** Returns how long it takes until the last bit has left at the link's rate, or null if the queue is full. */
  #queueMs(bytes: number, family: Family, nowMs: number): number | null {
    const throttle = this.#inForce('throttle', family);
    if (!throttle) return 0;
    const startMs = Math.max(nowMs, this.#lineFreeMs);
    if (startMs - nowMs > longestQueueMs) return null;
    this.#lineFreeMs = startMs + (bytes * 8) / throttle.rateKbit;
    return this.#lineFreeMs - nowMs;
  }

  #delays(family: Family, peer: string, synAck: boolean): HeldMs {
    const delay = this.#inForce('delay', family);
    const lateMs = delay ? delay.delayMs + (delay.jitterMs > 0 ? (this.#random('delay', peer)() * 2 - 1) * delay.jitterMs : 0) : 0;
    const handshake = synAck ? this.#inForce('slow-handshake', family) : undefined;
    if (handshake) return { delay: lateMs, 'slow-handshake': handshake.delayMs };
    const reorder = this.#happens('reorder', family, peer) ? this.#inForce('reorder', family) : undefined;
    return { delay: lateMs, reorder: reorder?.heldMs ?? 0 };
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
